-- How fast a plan's devices may be, and which decision about a device changed nothing else.

alter table tariffs
    add column speed_mbit integer           -- megabits a second for each device, each way;
        check (speed_mbit between 1 and 100000);    -- null: as fast as it goes

alter table devices
    add column speed_mbit integer,          -- as its server has to hold it at this revision
    add column limited_revision bigint,     -- the last that changed the speed,
    add column like_revision bigint;        -- and the one that is like it in all else: whoever is
                                            -- held at that one is connected, only not as fast
alter table devices add constraint limited_like_another
    check (like_revision < limited_revision and num_nulls(like_revision, limited_revision) <> 1);

alter table vpn_servers
    add column program_version text;        -- of the program on it, when it last told it
