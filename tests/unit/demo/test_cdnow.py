"""Reading the orders of the demonstration."""

from __future__ import annotations

from datetime import date

import pytest

from demo.cdnow import Order, parse_orders, read_orders, sample_orders

LINES = [
    " customer_id  date number_of_cds  dollar_value\r\n",
    " 00001 19970101  1   11.77\r\n",
    " 00002 19970112  1   12.00\r\n",
    " 00002 19970112  5   77.00\r\n",
    "\r\n",
]


def test_lines_become_orders_numbered_per_customer() -> None:
    assert list(parse_orders(LINES)) == [
        Order("00001", 1, date(1997, 1, 1), 1, 11.77),
        Order("00002", 1, date(1997, 1, 12), 1, 12.0),
        Order("00002", 2, date(1997, 1, 12), 5, 77.0),
    ]


@pytest.mark.parametrize(
    "line", ["00001 19970101 1", "00001 19971301 1 11.77", "00001 19970101 one 11.77", "00001 19970101 1 11.77 more"]
)
def test_a_line_of_another_form_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no order"):
        list(parse_orders([LINES[0], line]))


def test_an_order_is_the_same_call_every_time() -> None:
    order = Order("00002", 2, date(1997, 1, 12), 5, 77.0)

    assert order.call() == {
        "type": "track",
        "messageId": "cdnow-00002-2",
        "userId": "cdnow-00002",
        "event": "Order Completed",
        "timestamp": "1997-01-12T00:00:00+00:00",
        "properties": {"total": 77.0, "currency": "USD", "discs": 5},
    }


def test_a_sample_holds_whole_customers_spread_over_the_file() -> None:
    orders = [Order(f"{customer}", number, date(1997, 1, 1), 1, 1.0) for customer in range(10) for number in (1, 2)]

    sample = sample_orders(orders, 3)

    assert [(order.customer, order.number) for order in sample] == [
        (customer, number) for customer in ("0", "3", "6") for number in (1, 2)
    ]
    assert sample_orders(orders, 11) == orders


def test_the_installed_file_is_the_known_one() -> None:
    orders = read_orders()

    assert len(orders) == 69_659
    assert len({order.customer for order in orders}) == 23_570
    assert sum(round(order.total * 100) for order in orders) == 250_031_563
    assert (min(order.on for order in orders), max(order.on for order in orders)) == (
        date(1997, 1, 1),
        date(1998, 6, 30),
    )
