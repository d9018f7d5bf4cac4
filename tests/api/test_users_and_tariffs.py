import httpx
import pytest

from tests.api.conftest import USER, Memory

REGISTER = "/api/v1/users/register"
ANNA = {
    "telegram_id": USER,
    "username": "anna",
    "first_name": "Anna",
    "last_name": "Petrova",
    "language_code": "ru-RU",
}


async def test_a_person_is_registered(service: httpx.AsyncClient) -> None:
    answer = await service.post(REGISTER, json=ANNA)
    assert answer.status_code == 201
    assert answer.json() | {"created_at": None} == {
        "user_id": USER,
        "username": "anna",
        "first_name": "Anna",
        "last_name": "Petrova",
        "language": "ru",
        "created_at": None,
    }


async def test_registering_again_is_the_same_user(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    first = await service.post(REGISTER, json=ANNA)
    again = await service.post(REGISTER, json=ANNA)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(memory.customers) == 1


async def test_only_the_telegram_id_is_needed(service: httpx.AsyncClient) -> None:
    answer = await service.post(REGISTER, json={"telegram_id": USER})
    assert (answer.status_code, answer.json()["language"]) == (201, "en")


@pytest.mark.parametrize(
    "change",
    [
        {"telegram_id": 0},
        {"telegram_id": 2**53},
        {"telegram_id": None},
        {"first_name": "a\x00b"},
        {"first_name": "x" * 300},
    ],
)
async def test_what_the_ledger_could_not_hold_is_refused(
    service: httpx.AsyncClient, change: dict[str, object]
) -> None:
    assert (await service.post(REGISTER, json=ANNA | change)).status_code == 422


async def test_half_a_character_is_refused(service: httpx.AsyncClient) -> None:
    answer = await service.post(
        REGISTER,
        content=b'{"telegram_id": 1, "first_name": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("language", "name"),
    [(None, "30 дней"), ("ru-RU,ru;q=0.9", "30 дней"), ("en-GB,en;q=0.9", "30 days")],
)
async def test_tariffs_come_in_the_callers_language(
    service: httpx.AsyncClient, language: str | None, name: str
) -> None:
    headers = {} if language is None else {"Accept-Language": language}
    answer = await service.get("/api/v1/tariffs", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["tariffs"][0]["name"] == name


async def test_a_tariff_tells_everything_about_itself(service: httpx.AsyncClient) -> None:
    answer = await service.get("/api/v1/tariffs")
    assert answer.json()["tariffs"][:1] == [
        {
            "id": 1,
            "slug": "month",
            "name": "30 дней",
            "description": "Одно устройство",
            "price": "299.00",
            "currency": "RUB",
            "duration_days": 30,
            "device_limit": 1,
            "speed_mbit": None,
            "traffic_gb": None,
            "slow_mbit": None,
            "server_locations": ["nl"],
        }
    ]


async def test_a_tariff_for_any_location_lists_where_servers_take_customers(
    service: httpx.AsyncClient,
) -> None:
    _, anywhere = (await service.get("/api/v1/tariffs")).json()["tariffs"]
    assert anywhere["server_locations"] == ["de", "nl"]
