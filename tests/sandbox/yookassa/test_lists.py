from datetime import timedelta

import pytest


@pytest.fixture
async def five(shop, kassa):
    """The ids of five payments, an hour apart, newest first."""
    ids = []
    for _ in range(5):
        ids.insert(0, (await shop.create())["id"])
        await kassa.advance(timedelta(hours=1))
    return ids


async def listed(shop, path="/payments", **query):
    answer = await shop.get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_list_goes_from_new_to_old(shop, five, official):
    page = await listed(shop)
    official.judge("PaymentList", page)
    assert [item["id"] for item in page["items"]] == five
    assert "next_cursor" not in page


async def test_a_cursor_goes_on_where_the_page_ended(shop, five):
    seen, query = [], {"limit": 2}
    while True:
        page = await listed(shop, **query)
        seen += [item["id"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == five


async def test_new_payments_do_not_disturb_a_cursor(shop, five):
    page = await listed(shop, limit=2)
    await shop.create()
    rest = await listed(shop, cursor=page["next_cursor"])
    assert [item["id"] for item in rest["items"]] == five[2:]


async def test_a_page_has_ten_items_unless_asked(shop):
    for _ in range(11):
        await shop.create()
    assert len((await listed(shop))["items"]) == 10
    assert len((await listed(shop, limit=100))["items"]) == 11


async def test_lists_are_filtered_by_status(shop, kassa):
    paid, pending = await shop.create(), await shop.create()
    await kassa.pay(paid["id"])
    for status, payment in (("succeeded", paid), ("pending", pending)):
        page = await listed(shop, status=status)
        assert [item["id"] for item in page["items"]] == [payment["id"]]


async def test_lists_are_filtered_by_time_of_creation(shop, five):
    third = await shop.payment(five[2])
    at = third["created_at"]
    for name, expected in (
        ("gte", five[:3]),
        ("gt", five[:2]),
        ("lte", five[2:]),
        ("lt", five[3:]),
    ):
        page = await listed(shop, **{f"created_at.{name}": at})
        assert [item["id"] for item in page["items"]] == expected


async def test_lists_are_filtered_by_time_of_capture(shop, kassa):
    paid = await shop.create()
    await shop.create()
    await kassa.pay(paid["id"])
    page = await listed(shop, **{"captured_at.gte": paid["created_at"]})
    assert [item["id"] for item in page["items"]] == [paid["id"]]


async def test_lists_are_filtered_by_method(shop, kassa):
    paid = await shop.create()
    await shop.create()
    await kassa.pay(paid["id"])
    page = await listed(shop, payment_method="bank_card")
    assert [item["id"] for item in page["items"]] == [paid["id"]]
    assert (await listed(shop, payment_method="sbp"))["items"] == []


async def test_refunds_are_listed_by_payment(shop, kassa, official):
    payments = [await shop.create() for _ in range(2)]
    for payment in payments:
        await kassa.pay(payment["id"])
        await shop.refund(payment["id"], "1.00")
    page = await listed(shop, "/refunds", payment_id=payments[0]["id"], status="succeeded")
    official.judge("RefundList", page)
    assert [item["payment_id"] for item in page["items"]] == [payments[0]["id"]]
    assert (await listed(shop, "/refunds", status="canceled"))["items"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("cursor", "nowhere"),
        ("status", "paid"),
        ("created_at.gte", "yesterday"),
    ],
)
async def test_a_wrong_filter_is_refused_by_name(shop, name, value):
    answer = await shop.get("/payments", **{name: value})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == name


async def test_an_audit_of_a_day_finds_each_payment_once(shop, kassa, five):
    first = (await shop.payment(five[-1]))["created_at"]
    last = (await shop.payment(five[0]))["created_at"]
    day = {"created_at.gte": first, "created_at.lt": last, "limit": 2}
    page = await listed(shop, **day)
    seen = [item["id"] for item in page["items"]]
    while "next_cursor" in page:
        await shop.create()
        page = await listed(shop, **day, cursor=page["next_cursor"])
        seen += [item["id"] for item in page["items"]]
    assert seen == five[1:]


async def test_metadata_is_shown_but_is_no_filter(shop):
    await shop.create(metadata={"purchase_id": "p-1"})
    await shop.create(metadata={"purchase_id": "p-2"})
    page = await listed(shop, **{"metadata[purchase_id]": "p-1"})
    assert [item["metadata"]["purchase_id"] for item in page["items"]] == ["p-2", "p-1"]


async def test_lists_reach_back_three_years(shop, kassa, five):
    paid = (await shop.create())["id"]
    await kassa.pay(paid)
    await shop.refund(paid, "1.00")
    await kassa.advance(timedelta(days=3 * 365))
    assert (await listed(shop))["items"] == []
    assert (await listed(shop, "/refunds"))["items"] == []
    assert (await shop.payment(five[0]))["id"] == five[0]


async def test_refunds_are_listed_by_time(shop, kassa):
    paid = (await shop.create())["id"]
    await kassa.pay(paid)
    refunds = []
    for _ in range(3):
        refunds.insert(0, (await shop.refund(paid, "1.00")).json())
        await kassa.advance(timedelta(hours=1))
    page = await listed(
        shop, "/refunds", **{"created_at.gt": refunds[-1]["created_at"], "limit": 1}
    )
    assert [item["id"] for item in page["items"]] == [refunds[0]["id"]]
    page = await listed(shop, "/refunds", cursor=page["next_cursor"])
    assert [item["id"] for item in page["items"]] == [item["id"] for item in refunds[1:]]
