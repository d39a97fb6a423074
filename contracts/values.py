"""The words that travel in events and requests: money, countries, HS codes, incoterms, ids."""

import json
import os
import re
import threading
import time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()
)  # ISO 4217, active codes of coins and notes
_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK
    HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)  # ISO 3166-1 alpha-2


def exponent(currency: str) -> int:
    """Digits after the point of a currency (ISO 4217): JPY 0, EUR 2, KWD 3."""
    return _EXPONENTS.get(currency, 2)


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} is no ISO 4217 currency; write three capitals such as EUR")
    return code


def _known_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is no ISO 3166-1 country; write two capitals such as DE")
    return code


Currency = Annotated[
    str,
    Field(pattern=r"^[A-Z]{3}$", examples=["EUR"]),
    AfterValidator(_known_currency),
]
CountryCode = Annotated[
    str,
    Field(pattern=r"^[A-Z]{2}$", examples=["DE"]),
    AfterValidator(_known_country),
]
HsCode = Annotated[
    str,
    Field(pattern=r"^\d{6}(\d{2}){0,2}$", examples=["090230"]),
]  # digits only: six of the world's core, eight or ten of a country's own
Sku = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$", examples=["TEA-ASSAM-250"])
]


class Incoterm(StrEnum):
    """Who pays what: DDP, the buyer pays duties at sale; DAP, at the door."""

    EXW = "EXW"
    FCA = "FCA"
    FAS = "FAS"
    FOB = "FOB"
    CFR = "CFR"
    CIF = "CIF"
    CPT = "CPT"
    CIP = "CIP"
    DAP = "DAP"
    DPU = "DPU"
    DDP = "DDP"


class CurrencyMismatch(ValueError):
    """Two currencies are never added."""


class Money(BaseModel):
    """An amount as a decimal string with exactly the digits of its currency; integers inside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,4})?$", examples=["12.50"])]
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _refuse_floats(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("amount"), int | float):
            raise ValueError('money is a decimal string such as "12.50", never a number')
        return value

    @model_validator(mode="after")
    def _exact_digits(self) -> Self:
        digits = exponent(self.currency)
        if len(self.amount.partition(".")[2]) != digits:
            raise ValueError(f"{self.currency} has exactly {digits} digits after the point")
        return self

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        """From integer minor units: `Money.of(1250, "EUR")` is 12.50 EUR."""
        digits = exponent(currency)
        sign, units = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
        amount = f"{units[:-digits]}.{units[-digits:]}" if digits else units
        return cls(amount=sign + amount, currency=currency)

    @property
    def minor(self) -> int:
        return int(self.amount.replace(".", ""))

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} are never added")
        return Money.of(self.minor + other.minor, self.currency)

    def times(self, quantity: int) -> "Money":
        return Money.of(self.minor * quantity, self.currency)


def minor_units(text: str, currency: str) -> int:
    """Integer minor units of a decimal text; raises ValueError where digits would be lost."""
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no decimal number") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} has more digits than {currency} ({exponent(currency)})")
    return int(scaled)


ID_PATTERN = re.compile(r"^[a-z]{2,5}_[0-9a-f]{32}$")
_id_lock = threading.Lock()
_last_id = 0


def new_id(prefix: str) -> str:
    """A prefixed UUIDv7 (RFC 9562) in hex: opaque, sortable by time, rising within this process."""
    global _last_id  # noqa: PLW0603 - one counter per process keeps identifiers of one millisecond in order
    with _id_lock:
        fresh = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | int.from_bytes(os.urandom(9)) >> 4
        fresh = fresh & ~(0x3 << 62) | 0x2 << 62
        _last_id = max(fresh, _last_id + 1)
        return f"{prefix}_{_last_id:032x}"


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no blanks, as it is hashed. Numbers are integers or strings."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
