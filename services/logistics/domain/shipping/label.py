"""Our own label, where the provider has none: ZPL, 100 x 150 mm, SSCC as GS1-128."""

from dataclasses import dataclass

GS1_PREFIX = "9520000"  # GS1's prefix for examples: a merchant's own comes with its contract


@dataclass(frozen=True)
class Address:
    name: str
    street: str
    city: str
    postal_code: str
    country: str


def sscc(serial: int) -> str:
    """Eighteen digits (GS1 General Specifications): extension 0, prefix, serial, check digit."""
    body = f"0{GS1_PREFIX}{serial % 10**9:09d}"
    return body + str(check_digit(body))


def check_digit(body: str) -> int:
    """Modulo 10, weights 3 and 1 from the right."""
    weighed = sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(reversed(body)))
    return -weighed % 10


def zpl(code: str, sender: Address, consignee: Address, incoterm: str, number: str) -> str:
    """The incoterm stands on the label as it stood in the quote: DDP goods are never sent DAP."""
    lines = [
        "^XA^CI28^PW812^LL1218",
        f"^FO40,40^A0N,28,28^FD{_safe(sender.name)}, {_safe(sender.city)} {sender.country}^FS",
        f"^FO40,140^A0N,44,44^FD{_safe(consignee.name)}^FS",
        f"^FO40,200^A0N,44,44^FD{_safe(consignee.street)}^FS",
        f"^FO40,260^A0N,44,44^FD{_safe(consignee.postal_code)} {_safe(consignee.city)}^FS",
        f"^FO40,320^A0N,60,60^FD{consignee.country}^FS",
        f"^FO600,320^A0N,80,80^FD{incoterm}^FS",
        f"^FO40,430^A0N,36,36^FD{_safe(number)}^FS",
        f"^FO60,520^BY3^BCN,260,Y,N,N^FD>;>800{code}^FS",
        "^XZ",
    ]
    return "\n".join(lines)


def _safe(text: str) -> str:
    """ZPL's own marks cannot be smuggled in by an address."""
    return text.replace("^", " ").replace("~", " ")
