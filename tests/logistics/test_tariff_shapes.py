"""Every shape of rate text in the real files has the meaning that the law gives it."""

import re
from pathlib import Path

import pytest

from services.logistics.domain.tariff.expression import VALUE, Term, fraction_text
from services.logistics.domain.tariff.rates import Rate, read, special_column

SHAPES = (
    Path(__file__).resolve().parents[3]
    / "shared"
    / "cases"
    / "landed_cost"
    / "rate_text_shapes.tsv"
)
MEANINGS = """\
No change => no_additional
114.00 EUR / tonne => 114 EUR/TNE
The duty provided in the applicable subheading + 25% => additive 25%
The duty provided in the applicable subheading => no_additional
Free => 0%
$8.83/m3 => 8.83 USD/MTQ
$1.32/pf. liter => 1.32 USD/PFL
1.19 EUR / kg / lactic matter + 27.50 EUR / 100 kg => 1.19 EUR/KGM lactic_matter + 27.5 EUR/DTN
1.00 GBP/kg/lactic matter + 23.00 GBP/100kg => 1 GBP/KGM lactic_matter + 23 GBP/DTN
5.25¢/bbl => 0.0525 USD/BLL
$2.76/t => 2.76 USD/TNE
Free, under bond, as prescribed in U.S. note 2 to this subchapter => reference U.S. note 2
15% => 15%
21¢/bbl => 0.21 USD/BLL
No change. => no_additional
The rate applicable in the absence of this heading => reference
52.00 EUR / 1,000 items => 52 EUR/MIL
5.10% + 9.40 EUR / 100 kg / net drained wt => 5.1% + 9.4 EUR/DTN net_drained
88.2¢/t => 0.882 USD/TNE
8.8¢/kg on copper content + 3.3¢/kg on lead content + 3.7¢/kg on zinc content =>
  0.088 USD/KGM content:copper + 0.033 USD/KGM content:lead + 0.037 USD/KGM content:zinc
$1.05/bbl => 1.05 USD/BLL
The duty rate provided in such subheading minus 0.5% => reference
43.00 GBP/1000 items => 43 GBP/MIL
The duty provided in the applicable subheading + 50%. => additive 50%
4.00% + 7.80 GBP/100kg eda => 4% + 7.8 GBP/DTN eda
6.4 + 24.6 EUR/100 kg => unparsed (ambiguous_number)
3.9% on the movement and case + 5.3% on the battery =>
  3.9% component:movement+case + 5.3% component:battery
38¢/m2 => 0.38 USD/MTK
86.1¢/m2 of recording surface => 0.861 USD/MTK recording_surface
p/st => supplementary NAR
The rate of duty applicable to that article in the set subject to the highest rate of du =>
  reference
$1.32/t, including weight of container => 1.32 USD/TNE with_container
50.70 EUR / 100 kg / net dry => 50.7 EUR/DTN net_dry
42.00 GBP/100kg mas => 42 GBP/DTN mas
2.5% on the value of the lead content => 2.5% content:lead
7.5¢ each + 3.2% on the movement + 2.6% on the battery =>
  0.075 USD/NAR + 3.2% component:movement + 2.6% component:battery
Free, under bond => reference
$1.50 each + 65% on the movement + 35% on the battery =>
  1.5 USD/NAR + 65% component:movement + 35% component:battery
$1.24/t => 1.24 USD/TNE
12.8¢/kg on molybdenum content + 1.8% => 0.128 USD/KGM content:molybdenum + 1.8%
18.7¢/m2 => 0.187 USD/MTK
$1.61 each + 4.4% on the case and strap, band or bracelet =>
  1.61 USD/NAR + 4.4% component:case+strap
40¢ each + 5% on the case and strap, band or bracelet => 0.4 USD/NAR + 5% component:case+strap
3.1% on the movement + 4.2% on the battery => 3.1% component:movement + 4.2% component:battery
4.7% on the value of the rifle + 20% on the value of the telescopic sight, if any =>
  4.7% component:rifle + 20% component:telescopic_sight
0.3¢/line/ gross + 4.6% => 0.003 USD/144 LINE*NAR + 4.6%
0.2¢/kg, including weight of container => 0.002 USD/KGM with_container
$1.10/kg on molybdenum content + 15% => 1.1 USD/KGM content:molybdenum + 15%
1.5¢/line/ gross + 25% => 0.015 USD/144 LINE*NAR + 25%
The duty rate provided for originating goods of Korea in such subheading => reference
33.90 EUR / 100 kg / std qual => 33.9 EUR/DTN std_qual
28.00 GBP/100kg std qual => 28 GBP/DTN std_qual
$1.13/m3 => 1.13 USD/MTQ
51¢ each + 6.25% on the case and strap, band or bracelet + 5.3% on the battery =>
  0.51 USD/NAR + 6.25% component:case+strap + 5.3% component:battery
41¢ each + 5% on case and strap, band or bracelet + 4.2% on the battery =>
  0.41 USD/NAR + 5% component:case+strap + 4.2% component:battery
20¢ each + 4.3% on the movement and case + 3.5% on the battery =>
  0.2 USD/NAR + 4.3% component:movement+case + 3.5% component:battery
3.9% on the movement and case+ 5.3% on the battery =>
  3.9% component:movement+case + 5.3% component:battery
4.3% + 1.7¢/jewel + 0.2¢ for each other piece or part, but if consisting in part of a pl =>
  unparsed (rate_unparsed)
$3/head => 3 USD/NAR
$1.10/kg on tungsten content => 1.1 USD/KGM content:tungsten
10¢/m => 0.1 USD/MTR
3.3¢/lin. m => 0.033 USD/MTR
$3 each + 65% on the movement and case + 35% on the battery =>
  3 USD/NAR + 65% component:movement+case + 35% component:battery
65% + 25¢/jewel + 3¢ for each other piece or part, but if consisting in part of a plate =>
  unparsed (rate_unparsed)
$1/1,000 pins + 35% => 1 USD/1000 PIN + 35%
A duty upon the value of the repairs or alterations (see U.S. note 3 of this subchapter) =>
  reference U.S. note 3
3 percent of the fair retail value => 3% retail_price
The duty provided in the applicable subheading + a duty of 25% upon the value of the non =>
  additive 25% value_less:us_content
The duty provided in the applicable subheading. => no_additional
The rate applicable in the absence of this subheading => reference
4 percent of the fair retail value => 4% retail_price
50 percent of the cost of such goods or repairs => 50% repair_value
The duty provided in the applicable subheading + a duty of 50% upon the value of the alu =>
  additive 50% content:aluminum
: => unparsed (rate_unparsed)
The rate provided for beneficiary countries in heading 9901.00.50 (PA) => PA: reference 9901.00.50
7.2 MIN 0.36 EUR/100 kg => unparsed (ambiguous_number)
1.62 EUR / kg / tot alc => 1.62 EUR/KGM total_alcohol
6.50% MAX 5.00 EUR / 100 m => 6.5% MAX 5 EUR/100 MTR
127.00 GBP/ 1000 items => 127 GBP/MIL
68¢/head => 0.68 USD/NAR
39.7¢/t => 0.397 USD/TNE
4.4¢/liter + 31.4¢/pf. liter => 0.044 USD/LTR + 0.314 USD/PFL
3.1¢/liter + 22.1¢/pf. liter on ethyl alcohol content => 0.031 USD/LTR + 0.221 USD/PFL
37.5¢/kg on tungsten content => 0.375 USD/KGM content:tungsten
17.8¢/kg on molybdenum content => 0.178 USD/KGM content:molybdenum
0.7¢/kg on copper content + 0.7¢/kg on lead content =>
  0.007 USD/KGM content:copper + 0.007 USD/KGM content:lead
17.6¢/kg on tungsten content + 3.8% => 0.176 USD/KGM content:tungsten + 3.8%
6.5% on the entire set => 6.5% component:entire_set
13.5¢/kg + 6.3% + 1.9¢/article => 0.135 USD/KGM + 6.3% + 0.019 USD/NAR
14.5¢/m2 + 0.4% => 0.145 USD/MTK + 0.4%
14.8¢/kg on magnesium content + 3.5% => 0.148 USD/KGM content:magnesium + 3.5%
3.9% on the apparatus + 5.3% on the battery => 3.9% component:apparatus + 5.3% component:battery
10¢/1,000 pins + 3.5% => 0.1 USD/1000 PIN + 3.5%
20¢/thousand + 3.5% => 0.2 USD/1000 NAR + 3.5%
$40/kg of anhydrous morphine content => 40 USD/KGM content:anhydrous_morphine
4.3817¢/kg less 0.0622005¢ /kg for each degree under 100 degrees (and fractions of a deg =>
  0.043817 USD/KGM - 0.000622005 USD/KGM*DEG_UNDER_100 MIN 0.02831562 USD/KGM
18.5¢/liter + $1.32/pf. liter => 0.185 USD/LTR + 1.32 USD/PFL
18.5¢/ liter + $1.32/pf. liter on ethyl alcohol content => 0.185 USD/LTR + 1.32 USD/PFL
2.2¢/kg on manganese content => 0.022 USD/KGM content:manganese
77.2¢/kg on molybdenum content => 0.772 USD/KGM content:molybdenum
$1.32/kg on tungsten content + 40% => 1.32 USD/KGM content:tungsten + 40%
10.6¢/g => 0.106 USD/GRM
70% on the entire set => 70% component:entire_set
20¢/gross of immediate containers => 0.2 USD/144 NAR immediate_containers
88.2¢/kg + 55% + 12.5¢/ article => 0.882 USD/KGM + 55% + 0.125 USD/NAR
$2.13/m2 + 5% => 2.13 USD/MTK + 5%
4.4¢/kg on silicon content => 0.044 USD/KGM content:silicon
88¢/kg on magnesium content + 20% => 0.88 USD/KGM content:magnesium + 20%
The rate of duty appli- cable to that article in the set subject to the high- est rate o =>
  reference
86.1¢/m2of recording surface => 0.861 USD/MTK recording_surface
$2.70 each + 45% on the case + 35% on thebattery =>
  2.7 USD/NAR + 45% component:case + 35% component:battery
10¢/pack + 20% => 0.1 USD/PAC + 20%
The rate applicable, to each article in the absence of this subheading => reference
$2.50/thou- sand + 40% => 2.5 USD/1000 NAR + 40%
Free (BH,CL,JO,MA,OM,P,PE,SG) 7.5¢/kg (KR) See 9823.04.01-9823.04.54 (S+) See 9908.04.05 =>
  BH,..SG: 0% | KR: 0.075 USD/KGM | S+: reference 9823.04.01-9823.04.54 |
  IL: reference 9908.04.05 | CO: reference 9918.04.50 9918.04.58 |
  PA: reference 9919.04.50 9919.04.57 9919.04.67
Free (A+,AU,BH,CL,CO,D,E,IL,KR,MA,OM,P,PA,PE,S,SG) 1.9¢/liter + 13.9¢/pf. liter (JO) =>
  A+,..SG: 0% | JO: 0.019 USD/LTR + 0.139 USD/PFL
Free (A+,AU,BH,CL,CO,D,E, IL,KR,MA, OM,P,PA,PE,S, SG) 1.3¢/liter + 9.8¢/pf. liter on eth =>
  A+,..SG: 0% | JO: 0.013 USD/LTR + 0.098 USD/PFL
Free (A+,AU,BH,CL,D,E,IL,KR,MA,OM,P,PA,PE,S,SG) 1.5¢/pf. liter (CO) 10.5¢/pf. liter (JO) =>
  A+,..SG: 0% | CO: 0.015 USD/PFL | JO: 0.105 USD/PFL
Free (A+,AU,BH,CL,D,E,IL,KR,MA,OM,P,PA,PE,S,SG) 1.5¢/pf. liter (CO) 10.5¢/pf.liter (JO) =>
  A+,..SG: 0% | CO: 0.015 USD/PFL | JO: 0.105 USD/PFL
A duty equal to the duty upon the importation of like articles not previously exported, =>
  reference 9813.00.05
A duty (in lieu of any other duty or tax) equal to the sum of any duty and internal- rev =>
  reference
A duty upon the value of such processing outside the United States (see U.S. note 3 of t =>
  reference U.S. note 3
A duty upon the full value of the imported article, less the cost or value of such product =>
  reference U.S. Note 4
Free, for such temporary periods as the Secretary of the Treasury by regulation may pres =>
  reference
The rate applicable in the absence of this subheading on the cost of such parts => reference
A duty upon the full value of the imported article less the value of fabrics, components =>
  reference U.S. note 22
The duty provided in the applicable subheading + a duty of 50% upon the value of the cop =>
  additive 50% content:copper
The duty provided in the applicable subheading + a duty of 50% upon the value of the ste =>
  additive 50% content:steel
The duty provided for in the applicable subheading => no_additional
The duty provided in the applicable subheading + a duty of 25% upon the value of the alu =>
  additive 25% content:aluminum
The duty provided inthe applicable subheading+ 25% => additive 25%
The duty provided in subheadings 8716.39.00, 8716.90.30 or 8716.90.50 + 100% =>
  additive 100% 8716.39.00 8716.90.30 8716.90.50
A duty upon the value of the repairs oralterations (see U.S. note 3 of this subchapter) =>
  reference U.S. note 3
50 percent of the cost of such parts or materials => 50% component:parts_or_materials
50 percent of the cost of such parts => 50% component:parts
Free (AU,BH,CL, CO,IL,JO,KR,MA,OM,P,PA, PE,S,SG) A duty upon the value of the repairs or =>
  AU,..SG: 0% | B,..C: reference U.S. note 3
Free (AU,BH,CL,CO,IL,JO,KR,MA,OM,P,PA,PE,SG) A duty upon the value of such processing ou =>
  AU,..SG: 0% | B,..C: reference U.S. note 3
Free (AU,BH,CL,CO,IL,JO,KR,MA,OM,P,PA,PE,S,SG) A duty upon the full value of the importe =>
  AU,..SG: 0% | B,..E: reference U.S. note 4
Free (See U.S. note 4 of this subchapter) => reference U.S. note 4
Free (AU,BH,CL,CO,JO,KR,MA,OM,P,PA,PE,S,SG) The rate applicable in the absence of this h =>
  AU,..SG: 0% | A,..IL: reference
Free, under the terms of U.S. note 1(b) to this subchapter => reference U.S. note 1(b)
Free, under the terms of U.S. note 1(c) to this subchapter => reference U.S. note 1(c)
A duty upon the full value of the import- ed article less the value of fabrics, componen =>
  reference U.S. note 39
No change (A) Free (CA,IL, MX) See U.S. note 3 to this sub- chapter (E) See U.S. note 3( =>
  A: no_additional | CA,..MX: 0% | E: reference U.S. note 3 | CO,..PE: reference U.S. note 3(e)
No change (A,E) Free (CA,IL, MX) See U.S. note 3(e) (CO,PE) =>
  A,..E: no_additional | CA,..MX: 0% | CO,..PE: reference U.S. note 3(e)
5% on the full value of the imported article => 5%
The duty rate provided for origin- ating goods of Colombia in such subheading => reference
0.07 EUR / kg / dry lactic matter => 0.07 EUR/KGM dry_lactic_matter
0.07 EUR / kg / dry lactic matter + 16.80 EUR / 100 kg =>
  0.07 EUR/KGM dry_lactic_matter + 16.8 EUR/DTN
9.60% (01 JAN-15 MAY), 13.40% (16 MAY-30 JUNE) => 01-01..05-15: 9.6%; 05-16..06-30: 13.4%
9.60% MIN 1.1 €/100 kg/net (01 JAN-14 APR, 1 DEC-31 DEC), 13.60% MIN 1.6€/100kg/net =>
  unparsed (rate_unparsed)
10.40% MIN 1.3€/100kg/br (01 JAN-31 MAR, 01 DEC-31 DEC), 12.00% MIN 2€/100kg/br (01 APR- =>
  01-01..03-31: 10.4% MIN 1.3 EUR/DTN gross; 12-01..12-31: 10.4% MIN 1.3 EUR/DTN gross;
  04-01..11-30: 12% MIN 2 EUR/DTN gross
10.4% MIN 1.6€/100kg/net (01 JAN-30 JUNE, 01 OCT-31 DEC), 13.60% MIN 1.6€/100kg/net (01 =>
  01-01..06-30: 10.4% MIN 1.6 EUR/DTN net; 10-01..12-31: 10.4% MIN 1.6 EUR/DTN net;
  07-01..09-30: 13.6% MIN 1.6 EUR/DTN net
4.00% (01 JAN-31 MAR, 01-31 DEC), 5.10% (01 JUN-30 NOV) =>
  01-01..03-31: 4%; 12-01..12-31: 4%; 06-01..11-30: 5.1%
16.00% + 50.70 EUR / 100 kg / net dry => 16% + 50.7 EUR/DTN net_dry
8.3 + 3.8 EUR/100 kg eda => unparsed (ambiguous_number)
8.00% MAX 2.80 EUR / m2 => 8% MAX 2.8 EUR/MTK
16.00% + 42.00 GBP/100kg mas => 16% + 42 GBP/DTN mas
l alc. 100% => supplementary LPA
28.74 GBP / l alc. 100% => 28.74 GBP/LPA
2% MIN 2 EUR / 100 kg / gross => 2% MIN 2 EUR/DTN gross
33 1/3% => 100/3%
"""  # a text, or its beginning where that is enough, and what it means


def meanings() -> dict[str, str]:
    joined = MEANINGS.strip().replace("\n  ", " ")
    return dict(line.split(" => ", 1) for line in joined.splitlines())


def shapes() -> list[tuple[str, str]]:
    """Source and text of each row; a row without a quoted example stands for its shape."""
    if not SHAPES.is_file():
        return []
    found = []
    for line in SHAPES.read_text(encoding="utf-8").splitlines()[1:]:
        _, source, shape, example = line.split("\t")
        filled = re.sub(r"\bN\b", "2", shape.replace("N kg", "100 kg").replace("N%", "2%"))
        text = example[1:-1] if example[0] == "'" else filled
        found.append((source, text.replace("\\xa0", "\xa0")))
    return found


def said(text: str, source: str) -> str:
    if "Special" not in source:
        return rate(read(text))
    groups = special_column(text)
    return " | ".join(f"{named(each.programmes)}{rate(each.rate)}" for each in groups)


def named(programmes: tuple[str, ...]) -> str:
    if len(programmes) < 2:
        return "".join(f"{one}: " for one in programmes)
    return f"{programmes[0]},..{programmes[-1]}: "


def rate(found: Rate) -> str:
    if found.state == "unparsed":
        return f"unparsed ({found.why})"
    if found.state == "reference":
        return " ".join(["reference", *found.cites])
    if found.unit:
        return f"supplementary {found.unit}"
    words = [found.mode, *found.cites]
    if found.expression is not None:
        body = summed(found.expression.terms) or "; ".join(
            f"{one.since}..{one.until}: {summed(one.terms)}" for one in found.expression.seasons
        )
        words.insert(1, body)
    return " ".join(word for word in words if word)


def summed(terms: tuple[Term, ...]) -> str:
    return "".join(f" {each.op} {term(each)}" for each in terms).removeprefix(" + ")


def term(each: Term) -> str:
    if each.pct is not None:
        of = "" if each.of == VALUE else f" {each.of}"
        return f"{fraction_text(each.pct)}%{of}"
    assert each.amount is not None
    per = "" if each.per == 1 else f"{each.per} "
    qualifier = f" {each.qualifier}" if each.qualifier else ""
    unit = "*".join(each.units)
    return f"{each.amount.normalize():f} {each.currency}/{per}{unit}{qualifier}"


def test_every_shape_of_the_real_files_means_what_the_law_says() -> None:
    if not shapes():
        pytest.skip("../shared is missing: cases/landed_cost/rate_text_shapes.tsv")
    wanted = {text.lower(): meaning for text, meaning in meanings().items()}
    wrong = []
    for source, text in shapes():
        plain = text.lower().replace("\xa0", " ")
        keys = [key for key in wanted if plain == key or (len(key) > 80 and plain.startswith(key))]
        key = max(keys, key=len, default=None)
        if key is None or said(text, source).lower() != wanted[key].lower():
            wrong.append((source, text, said(text, source), key and wanted[key]))

    assert wrong == []
    assert len(shapes()) == 187
