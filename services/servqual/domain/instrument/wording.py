"""Version 1 in words. Translations are versions of the text, not of the instrument."""

from collections.abc import Mapping

Language = str  # a key of LANGUAGES
LANGUAGES = {"en": "English", "de": "Deutsch", "zh": "中文"}

CLAUSES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "REL1": "shipments arrive by the date that was promised",
        "REL2": "goods arrive complete and undamaged",
        "REL3": "the right goods reach the right address at the first attempt",
        "REL4": "tracking shows what is really happening",
        "REL5": "the final bill equals the quote",
        "RES1": "a person can be reached through a channel that suits us",
        "RES2": "the first answer comes within the time announced",
        "RES3": "when something goes wrong, a remedy starts quickly",
        "RES4": "questions are settled without being asked twice",
        "ASS1": "staff know the customs and product rules of the countries involved",
        "ASS2": "valuable or sensitive goods are in safe hands",
        "ASS3": "staff treat us and our customers with respect",
        "ASS4": "licences, insurance and claims terms are open and honoured",
        "EMP1": "the provider asks what our goods and customers need",
        "EMP2": "special packing or handling is done as ordered",
        "EMP3": "faster or timed delivery is there when we need it",
        "EMP4": "we are served in a language and at hours that fit our market",
        "EMP5": "we hear about problems before we have to ask",
        "TAN1": "vehicles and handling equipment are clean and in working order",
        "TAN2": "depots and pick-up points are tidy and easy to use",
        "TAN3": "the people who collect and deliver look and act like professionals",
        "TAN4": "labels, papers and tracking pages are clear and complete",
    },
    "de": {
        "REL1": "kommen Sendungen zum zugesagten Termin an",
        "REL2": "kommt die Ware vollständig und unbeschädigt an",
        "REL3": "erreicht die richtige Ware beim ersten Versuch die richtige Adresse",
        "REL4": "zeigt die Sendungsverfolgung, was wirklich geschieht",
        "REL5": "stimmt die Rechnung mit dem Angebot überein",
        "RES1": "erreichen wir einen Menschen auf einem Weg, der uns passt",
        "RES2": "kommt die erste Antwort in der angekündigten Zeit",
        "RES3": "beginnt die Abhilfe schnell, wenn etwas schiefgeht",
        "RES4": "werden Fragen geklärt, ohne dass wir nachfragen müssen",
        "ASS1": "kennt das Personal die Zoll- und Produktvorschriften der beteiligten Länder",
        "ASS2": "sind wertvolle oder empfindliche Waren in sicheren Händen",
        "ASS3": "behandelt das Personal uns und unsere Kundschaft mit Respekt",
        "ASS4": "sind Lizenzen, Versicherung und Haftung offengelegt und werden eingehalten",
        "EMP1": "werden wir gefragt, was unsere Waren und unsere Kundschaft brauchen",
        "EMP2": "werden besondere Verpackung und Behandlung wie bestellt ausgeführt",
        "EMP3": "gibt es schnellere oder zeitgenaue Zustellung, wenn wir sie brauchen",
        "EMP4": "werden wir in einer Sprache und zu Zeiten bedient, die zu unserem Markt passen",
        "EMP5": "erfahren wir von Problemen, bevor wir fragen müssen",
        "TAN1": "sind Fahrzeuge und Ladegeräte sauber und in Ordnung",
        "TAN2": "sind Depots und Abholstellen ordentlich und leicht zu benutzen",
        "TAN3": "tritt das Personal bei Abholung und Zustellung fachkundig auf",
        "TAN4": "sind Etiketten, Papiere und Sendungsverfolgung klar und vollständig",
    },
    "zh": {
        "REL1": "货物在承诺的日期之前送达",
        "REL2": "货物完整无损地送达",
        "REL3": "正确的货物第一次派送就送到正确的地址",
        "REL4": "物流跟踪反映真实情况",
        "REL5": "最终账单与报价一致",
        "RES1": "可以通过适合我们的渠道联系到真人",
        "RES2": "在告知的时间内得到首次答复",
        "RES3": "出现问题时能迅速开始补救",
        "RES4": "问题无需重复询问即可解决",
        "ASS1": "员工了解相关国家的海关和产品规定",
        "ASS2": "贵重或易损的货物得到妥善保管",
        "ASS3": "员工尊重我们和我们的客户",
        "ASS4": "许可、保险和理赔条款公开并得到遵守",
        "EMP1": "会主动了解我们的货物和客户的需要",
        "EMP2": "特殊包装或操作按要求完成",
        "EMP3": "需要时可以提供加急或定时派送",
        "EMP4": "服务的语言和时间适合我们的市场",
        "EMP5": "在我们询问之前就告知问题",
        "TAN1": "车辆和装卸设备整洁且运行良好",
        "TAN2": "仓库和取件点整洁、使用方便",
        "TAN3": "取件和派送人员的仪表和举止专业",
        "TAN4": "标签、单据和跟踪页面清晰完整",
    },
}

STEMS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "perception": "With {provider}, …",
        "expectation": "With an excellent provider for such shipments, …",
    },
    "de": {
        "perception": "Bei {provider} …",
        "expectation": "Bei einem ausgezeichneten Dienstleister für solche Sendungen …",
    },
    "zh": {
        "perception": "{provider}：",
        "expectation": "对于此类货物，优秀的物流商应当做到：",
    },
}

NAMES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "REL": "Reliability", "RES": "Responsiveness", "ASS": "Assurance", "EMP": "Empathy",
        "TAN": "Tangibles",
    },
    "de": {
        "REL": "Zuverlässigkeit", "RES": "Reaktionsfähigkeit", "ASS": "Leistungskompetenz",
        "EMP": "Einfühlungsvermögen", "TAN": "Äußeres Erscheinungsbild",
    },
    "zh": {"REL": "可靠性", "RES": "响应性", "ASS": "保证性", "EMP": "关怀性", "TAN": "有形性"},
}  # fmt: skip
