-- Plans to begin with; the owner changes them later.

insert into tariffs (slug, name_ru, name_en, description_ru, description_en,
                     price, duration_days, device_limit, position)
values
    ('month', '30 дней', '30 days',
     'Месяц спокойного интернета на одном устройстве.',
     'A month of calm internet on one device.', 299.00, 30, 1, 10),
    ('quarter', '90 дней', '90 days',
     'Три месяца: дешевле, чем три раза по месяцу.',
     'Three months for less than three single ones.', 799.00, 90, 1, 20),
    ('year', '365 дней', '365 days',
     'Год без забот о продлении.',
     'A year without thinking of renewal.', 2490.00, 365, 1, 30)
on conflict (slug) do nothing;
