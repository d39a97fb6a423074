"""Money is exact, currencies do not mix, identifiers rise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import (
    COUNTRIES,
    CURRENCIES,
    CurrencyMismatch,
    Money,
    canonical,
    exponent,
    minor_units,
    new_id,
)

currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(-(10**14), 10**14)


@given(minors, currencies)
def test_money_keeps_every_minor_unit(minor: int, currency: str) -> None:
    money = Money.of(minor, currency)

    assert money.minor == minor
    assert len(money.amount.partition(".")[2]) == exponent(currency)
    assert Money.model_validate_json(money.model_dump_json()) == money
    assert minor_units(money.amount, currency) == minor


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 12.5, "currency": "EUR"},
        {"amount": 12, "currency": "EUR"},
        {"amount": "12.5", "currency": "EUR"},
        {"amount": "12.50", "currency": "JPY"},
        {"amount": "12.50", "currency": "EUX"},
        {"amount": "1e3", "currency": "EUR"},
        {"amount": "NaN", "currency": "EUR"},
    ],
)
def test_anything_but_an_exact_decimal_string_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"currency|digits|string|pattern"):
        Money.model_validate(wrong)


@given(minors, minors, currencies, currencies)
def test_two_currencies_are_never_added(one: int, other: int, a: str, b: str) -> None:
    left, right = Money.of(one, a), Money.of(other, b)
    if a == b:
        assert (left + right).minor == one + other
    else:
        with pytest.raises(CurrencyMismatch):
            left + right


def test_identifiers_of_one_process_rise() -> None:
    made = [new_id("ord") for _ in range(5000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_the_same_content_has_one_canonical_form() -> None:
    assert canonical({"b": ["é", 1], "a": None}) == '{"a":null,"b":["é",1]}'.encode()


def test_the_code_tables_have_the_length_of_their_standards() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 3 for code in CURRENCIES)
