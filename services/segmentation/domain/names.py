"""What a segment is called, in the merchant's language, from where its centre stands."""

from collections.abc import Mapping, Sequence

LEAST_Z = 0.3
_WORDS: dict[str, dict[str, tuple[str, str]]] = {  # language -> feature -> (high, low)
    "en": {
        "recency_days": ("lapsed", "recent"),
        "frequency": ("frequent", "seldom"),
        "monetary": ("high value", "low value"),
        "tenure_days": ("long known", "new"),
        "interval_median_days": ("long gaps", "short gaps"),
        "basket_value": ("large baskets", "small baskets"),
        "basket_lines": ("many articles", "few articles"),
        "return_rate": ("returns much", "returns little"),
        "cross_border_share": ("abroad", "at home"),
        "markets": ("many countries", "one country"),
        "category_entropy": ("broad choice", "one kind of goods"),
        "offer_share": ("buys on offer", "buys without offer"),
        "late_share": ("often served late", "served in time"),
    },
    "de": {
        "recency_days": ("abgewandert", "kürzlich gekauft"),
        "frequency": ("häufig", "selten"),
        "monetary": ("hoher Wert", "geringer Wert"),
        "tenure_days": ("lange bekannt", "neu"),
        "interval_median_days": ("lange Abstände", "kurze Abstände"),
        "basket_value": ("große Warenkörbe", "kleine Warenkörbe"),
        "basket_lines": ("viele Artikel", "wenige Artikel"),
        "return_rate": ("viele Rückgaben", "wenige Rückgaben"),
        "cross_border_share": ("Ausland", "Inland"),
        "markets": ("viele Länder", "ein Land"),
        "category_entropy": ("breite Auswahl", "eine Warenart"),
        "offer_share": ("kauft im Angebot", "kauft ohne Angebot"),
        "late_share": ("oft zu spät beliefert", "pünktlich beliefert"),
    },
    "fr": {
        "recency_days": ("inactifs", "récents"),
        "frequency": ("fréquents", "rares"),
        "monetary": ("forte valeur", "faible valeur"),
        "tenure_days": ("anciens", "nouveaux"),
        "interval_median_days": ("longs intervalles", "courts intervalles"),
        "basket_value": ("gros paniers", "petits paniers"),
        "basket_lines": ("beaucoup d'articles", "peu d'articles"),
        "return_rate": ("retours nombreux", "retours rares"),
        "cross_border_share": ("à l'étranger", "dans le pays"),
        "markets": ("plusieurs pays", "un seul pays"),
        "category_entropy": ("choix large", "un seul genre"),
        "offer_share": ("achètent en promotion", "achètent sans promotion"),
        "late_share": ("souvent livrés en retard", "livrés à temps"),
    },
}
_AVERAGE = {"en": "average", "de": "durchschnittlich", "fr": "moyens"}
_BAND = {
    "en": "band {k} of {c}: {word}",
    "de": "Band {k} von {c}: {word}",
    "fr": "tranche {k} sur {c} : {word}",
}


def language_of(asked: Sequence[str]) -> str:
    """The first of the merchant's languages that there are words in; else English."""
    spoken = (tag.split("-")[0].lower() for tag in asked)
    return next((tag for tag in spoken if tag in _WORDS), "en")


def segment_names(z: Sequence[Mapping[str, float]], language: str) -> list[str]:
    """From each centre's z per feature, in population units: the two largest, worded.

    A clash takes the next feature; what then is still alike is numbered.
    """
    named = [_worded(each, language, 2) for each in z]
    clashing = {name for name in named if named.count(name) > 1}
    named = [
        _worded(each, language, 3) if name in clashing else name
        for each, name in zip(z, named, strict=True)
    ]
    return [
        f"{name} ({named[: at + 1].count(name)})" if named.count(name) > 1 else name
        for at, name in enumerate(named)
    ]


def band_names(z: Sequence[Mapping[str, float]], language: str) -> list[str]:
    """For a continuum: bands along the feature that spreads widest, never kinds of people."""
    features = list(z[0])
    along = max(features, key=lambda name: max(e[name] for e in z) - min(e[name] for e in z))
    order = sorted(range(len(z)), key=lambda at: z[at][along])
    rank = {at: number for number, at in enumerate(order, 1)}
    word = _WORDS[language][along][0] if along in _WORDS[language] else along
    return [_BAND[language].format(k=rank[at], c=len(z), word=word) for at in range(len(z))]


def _worded(z: Mapping[str, float], language: str, count: int) -> str:
    telling = [name for name in sorted(z, key=lambda name: -abs(z[name])) if abs(z[name]) > LEAST_Z]
    if not telling:
        return _AVERAGE[language]
    return ", ".join(_word(name, z[name], language) for name in telling[:count])


def _word(feature: str, z: float, language: str) -> str:
    high, low = _WORDS[language].get(feature, (f"{feature} +", f"{feature} -"))
    return high if z > 0 else low
