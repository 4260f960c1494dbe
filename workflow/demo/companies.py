"""What the demo is made of: pure data. Where a text differs by language it is a pair (English, Danish).

The demo company sells solar roofs, heat pumps and charging points to Danish businesses.
"""

from __future__ import annotations

from typing import NamedTuple

Pair = tuple[str, str]

COLLEAGUES = {"maja": "Maja Lindholm", "jonas": "Jonas Krogh", "signe": "Signe Bach", "emil": "Emil Dahl", "karen": "Karen Holst"}

# key: (name, tone, help). In the group Customer, after the category a new database has there.
TIERS: dict[str, tuple[Pair, str, Pair]] = {
    "vip": (("VIP customer", "VIP-kunde"), "green", ("Over DKK 1,000,000 a year; the board knows them", "Over 1.000.000 kr. om året; direktionen kender dem")),
    "a": (("A customer", "A-kunde"), "lime", ("Over DKK 500,000 a year; visited every quarter", "Over 500.000 kr. om året; besøges hvert kvartal")),
    "b": (("B customer", "B-kunde"), "amber", ("Over DKK 100,000 a year; called every quarter", "Over 100.000 kr. om året; ringes op hvert kvartal")),
    "c": (("C customer", "C-kunde"), "pink", ("Smaller customers; gets the newsletter", "Mindre kunder; får nyhedsbrevet")),
}

JOBS: dict[str, Pair] = {
    "owner": ("Owner", "Ejer"),
    "director": ("Managing director", "Administrerende direktør"),
    "operations": ("Operations director", "Driftschef"),
    "finance": ("Head of finance", "Økonomichef"),
    "engineer": ("Project engineer", "Projektingeniør"),
    "buyer": ("Purchasing manager", "Indkøbschef"),
    "technical": ("Technical manager", "Teknisk chef"),
    "buildings": ("Facility manager", "Ejendomschef"),
    "production": ("Production manager", "Produktionschef"),
    "climate": ("Sustainability lead", "Bæredygtighedsansvarlig"),
    "office": ("Office manager", "Kontorchef"),
    "partner": ("Partner", "Partner"),
}
# Whoever is not named below gets one of each.
FIRST_NAMES = (
    "Anders Anne Asger Astrid Bente Birgitte Bjarne Bo Camilla Carsten Charlotte Ditte Dorte Ejvind Ellen Erik Esben Finn Frederik Gitte Grethe Hanne Helle "
    "Henrik Ida Inge Jakob Jens Jørgen Kasper Kirsten Kjeld Lars Lene Lærke Mads Malene Marianne Mette Michael Mikkel Morten Niels Nina Ole Palle Pernille "
    "Peter Pia Poul Rikke Rune Sanne Sigurd Søren Stine Susanne Svend Thea Thorkild Tine Trine Uffe Ulla Vibeke Viggo Åge Åse Øjvind"
)
LAST_NAMES = (
    "Aagaard Andersen Bech Bertelsen Bjerre Brandt Bruun Christensen Clausen Damgaard Eskildsen Falk Frandsen Gade Gregersen Hansen Hedegaard Holm Højgaard "
    "Iversen Jensen Jepsen Jessen Johansen Juul Kjær Kjærgaard Kofoed Kruse Larsen Lassen Laursen Lund Lykke Madsen Mikkelsen Mortensen Munk Møller Nielsen "
    "Nygaard Nørgaard Olesen Overgaard Paulsen Pedersen Poulsen Qvist Rask Ravn Riis Sand Schou Simonsen Skov Skytte Svane Sørensen Thomsen Toft "
    "Vestergaard Winther Ørum Østergaard Ågård"
)

# key: (name, which of SALES it buys)
BUSINESSES: dict[str, tuple[Pair, str]] = {
    "construction": (("Construction", "Byggeri"), "works"),
    "metal": (("Metalworking", "Metalindustri"), "works"),
    "wood": (("Wood and furniture", "Træ og møbler"), "works"),
    "food": (("Food production", "Fødevareproduktion"), "works"),
    "farm": (("Agriculture", "Landbrug"), "farm"),
    "nursery": (("Nursery", "Gartneri"), "farm"),
    "transport": (("Transport and logistics", "Transport og logistik"), "roads"),
    "sea": (("Shipping and offshore", "Skibsfart og offshore"), "roads"),
    "shop": (("Retail", "Detailhandel"), "guests"),
    "hotel": (("Hotel and restaurant", "Hotel og restaurant"), "guests"),
    "office": (("Professional services", "Rådgivning"), "houses"),
    "health": (("Clinic", "Klinik"), "houses"),
    "housing": (("Housing association", "Boligforening"), "houses"),
    "sport": (("Sports and leisure", "Sport og fritid"), "houses"),
    "install": (("Electrical contractor", "Elinstallatør"), "houses"),
    "public": (("Authority", "Myndighed"), "houses"),
}

# (title, from, to) in DKK thousand; {n} is a small number, {year} next year.
SALES: dict[str, list[tuple[Pair, int, int]]] = {
    "works": [
        (("Solar roof, hall {n}", "Soltag, hal {n}"), 420, 1350),
        (("Heat recovery, production", "Varmegenvinding, produktion"), 180, 620),
        (("Battery storage, {n}00 kWh", "Batterilager, {n}00 kWh"), 260, 880),
        (("Charging points, company cars", "Ladestandere, firmabiler"), 70, 210),
        (("Air-to-water heat pump, office wing", "Luft til vand-varmepumpe, kontorfløj"), 120, 340),
        (("Solar roof, workshop", "Soltag, værksted"), 150, 480),
    ],
    "farm": [
        (("Heat pumps, greenhouse {n}", "Varmepumper, væksthus {n}"), 160, 540),
        (("Solar roof, barn {n}", "Soltag, lade {n}"), 190, 610),
        (("Battery storage, milking parlour", "Batterilager, malkestald"), 140, 380),
        (("Heat pump for grain drying", "Varmepumpe til korntørring"), 210, 460),
        (("Charging points, yard", "Ladestandere, gårdsplads"), 40, 95),
    ],
    "roads": [
        (("Charging hub, terminal {n}", "Ladepark, terminal {n}"), 380, 1600),
        (("Shore power, quay {n}", "Landstrøm, kaj {n}"), 650, 2350),
        (("Solar roof, terminal", "Soltag, terminal"), 340, 980),
        (("Charging points, truck yard", "Ladestandere, lastbilplads"), 220, 760),
        (("Depot batteries", "Batterier til depot"), 180, 520),
    ],
    "guests": [
        (("Charging points, guest car park", "Ladestandere, gæsteparkering"), 80, 260),
        (("Heat pump, kitchen and rooms", "Varmepumpe, køkken og værelser"), 140, 420),
        (("Cooling with heat recovery", "Køling med varmegenvinding"), 160, 450),
        (("Solar roof, flat roof", "Solceller, fladt tag"), 120, 390),
        (("Solar canopy, car park", "Solcelleoverdækning, parkering"), 230, 640),
    ],
    "houses": [
        (("Solar roof, block {n}", "Soltag, blok {n}"), 180, 690),
        (("Charging points, staff car park", "Ladestandere, medarbejderparkering"), 60, 190),
        (("Heat pump replacing gas boiler", "Varmepumpe i stedet for gasfyr"), 90, 330),
        (("Indoor climate control", "Indeklimastyring"), 55, 180),
        (("Ventilation with heat recovery", "Ventilation med varmegenvinding"), 110, 360),
    ],
    "any": [
        (("Service agreement {year}", "Serviceaftale {year}"), 24, 90),
        (("Energy survey", "Energigennemgang"), 15, 45),
        (("Inverter replacement", "Udskiftning af inverter"), 30, 110),
        (("Monitoring {year}", "Overvågning {year}"), 12, 36),
    ],
}
# Sales of one company in the order in which its story registers them; what is not named is drawn from SALES.
NAMED_SALES: dict[str, list[tuple[Pair, int]]] = {
    "Fjordbo Entreprise A/S": [
        (("Ventilation, office wing", "Ventilation, kontorfløj"), 145_000),
        (("Solar roof, hall 3", "Soltag, hal 3"), 860_000),
        (("Charging points, car park B", "Ladestandere, p-plads B"), 310_000),
        (("Service agreement {year}", "Serviceaftale {year}"), 70_000),
    ],
    "Kattegat Offshore": [(("Shore power, quay 2", "Landstrøm, kaj 2"), 2_350_000), (("Crew vessel charging", "Opladning af mandskabsfartøj"), 640_000)],
    "Brønnum & Søn ApS": [(("Workshop roof", "Værkstedstag"), 185_000), (("Charging points, vans", "Ladestandere, varevogne"), 92_000)],
    "Lyngby Tandklinik": [(("Heat pump, clinic", "Varmepumpe, klinik"), 148_000)],
    "Højby Friskole": [(("Energy survey", "Energigennemgang"), 18_000), (("Solar roof, gymnasium", "Soltag, gymnastiksal"), 340_000)],
    "Vinther Revision": [(("Charging points, staff car park", "Ladestandere, medarbejderparkering"), 64_000)],
}
# The first two digits of a telephone number, by the first of the postcode.
AREA_CODES = {"1": "33", "2": "45", "3": "48", "4": "57", "5": "66", "6": "75", "7": "97", "8": "86", "9": "98"}
# Not linked to a company yet: (title, amount, owner, calendar days ago)
UNPLACED: list[tuple[Pair, int, str, float]] = [
    (("Enquiry from the trade fair: carport roofs", "Henvendelse fra messen: carporttage"), 120_000, "jonas", 41),
    (("Solar roof, new logistics centre (name to follow)", "Soltag, nyt logistikcenter (navn følger)"), 1_450_000, "maja", 9),
    (("Charging points for a car dealer", "Ladestandere til en bilforhandler"), 210_000, "signe", 2.5),
]
DESCRIPTIONS: list[Pair] = [
    ("Wants the work done while production is closed in July.", "Ønsker arbejdet udført, mens produktionen holder lukket i juli."),
    ("The roof was surveyed and carries the weight.", "Taget er gennemgået og kan bære vægten."),
    ("Grant application is in; the decision takes about eight weeks.", "Tilskud er søgt; svaret tager omkring otte uger."),
    ("Compares us with two others. Delivery time matters more than price.", "Sammenligner os med to andre. Leveringstid betyder mere end pris."),
    ("Came by recommendation from a neighbour.", "Kom på anbefaling fra en nabo."),
    ("The board decides at its next meeting.", "Bestyrelsen beslutter det på næste møde."),
]
LOSS_NOTES: list[Pair] = [
    ("Would like an offer again next year.", "Vil gerne have et tilbud igen til næste år."),
    ("Chose a local installer.", "Valgte en lokal installatør."),
    ("The bank said no.", "Banken sagde nej."),
    ("They moved to other premises.", "De er flyttet til andre lokaler."),
]


class Firm(NamedTuple):
    """A company and its year. `people` is a number, or "Name:job, Name:job". `span` is its first and its last day, in days ago.

    `story` is a list of steps, spread evenly over the span; `@9` puts the next step 9 days ago. The figure counts this
    company's people or sales from 0:

    c0 q0 d0 r0     person 0 is being contacted, qualified, disqualified, to be nurtured again
    s  s!  f  b0    a sale is registered; is registered as won already; is written down without a company; 0 is linked to the company
    p0 w0 l0 z0 o0  sale 0 moves to the next stage; is won, lost, stalled, reopened
    a  A  k  x=vip  the question is accepted by whom it was asked of, accepted by Maja, answered with keep, with another category
    m=b             the category is changed by hand
    first: =partner created in that category; import=customer came with the import, with an old sale (0) if a customer
    """

    name: str
    place: str
    address: str
    business: str
    owner: str
    people: int | str
    span: str
    story: str


FIRMS: list[Firm] = [
    # ------------------------------------------------------------------------------------------------------ leads
    Firm("Aarø Bryghus", "6100 Haderslev", "Årøvej 12", "food", "maja", 1, "1.3-0.2", "c0"),
    Firm("Hedeland Grus", "4000 Roskilde", "Grusvej 4", "construction", "emil", "Henning Gade:owner", "141-62", "c0 r0"),
    Firm("Silkeborg Stål A/S", "8600 Silkeborg", "Stålvej 20", "metal", "jonas", 2, "11-4", "c0"),
    Firm("Lillebælt Marina", "5500 Middelfart", "Havnegade 51", "sport", "signe", 1, "3.4-0.6", "c0"),
    Firm("Øster Hurup Camping", "9560 Hadsund", "Kystvejen 70", "hotel", "karen", 1, "57-33", "c0 d0"),
    Firm("Kragh Maskinudlejning", "7400 Herning", "Industrivej 33", "construction", "jonas", 1, "19-8", "c0"),
    Firm("Vestkystens Røgeri", "6960 Hvide Sande", "Fiskerikajen 9", "food", "emil", 2, "26-26", ""),
    Firm("Sæby Boligforening", "9300 Sæby", "Algade 17", "housing", "signe", 2, "89-40", "c0 c1 r1"),
    Firm("Tåsinge Æblemost", "5700 Svendborg", "Frugtvej 2", "food", "karen", 1, "6-6", ""),
    Firm("Gudenå Kajakcenter", "8900 Randers C", "Ågade 5", "sport", "maja", 1, "318-250", "c0 r0"),
    Firm("Dronninglund Vognmandsforretning", "9330 Dronninglund", "Slotsgade 88", "transport", "jonas", 2, "33-12", "c0 c1"),
    Firm("Birkerød Dyreklinik", "3460 Birkerød", "Hovedgaden 41", "health", "karen", 1, "14-14", ""),
    Firm("Sønderjysk Emballage ApS", "6200 Aabenraa", "Kilen 16", "wood", "emil", 2, "2.2-0.4", "c1"),
    Firm("Rønne Fiskeauktion", "3700 Rønne", "Nordre Kystvej 3", "sea", "maja", 1, "46-20", "c0"),
    Firm("Hotel Limfjorden", "7900 Nykøbing M", "Havnen 1", "hotel", "signe", 2, "9-3", "c0"),
    Firm("Ringsted Ridecenter", "4100 Ringsted", "Køgevej 140", "sport", "karen", 1, "338-290", "c0 d0"),
    Firm("Thyholm Landbrug I/S", "7790 Thyholm", "Søndergade 60", "farm", "jonas", "Jens Peter Odgaard:owner, Karla Odgaard:finance", "0.9-0.9", ""),
    Firm("Nordfyns Trælast", "5450 Otterup", "Jernbanegade 22", "wood", "emil", 1, "252-118", "c0 q0 s l0 m=lead"),
    # ---------------------------------------------------------------------------------- marketing qualified leads
    Firm("Bakkely Gartneri", "5270 Odense N", "Bakkevej 11", "nursery", "jonas", "Lise Bakke:owner, Villads Bakke:production", "38-0.3", "c0 c1 q0"),
    Firm("Nordvang Vinduer", "7400 Herning", "Vindingvej 6", "wood", "emil", 1, "49-15", "c0 q0"),
    Firm("Ørbæk Bageri", "5853 Ørbæk", "Torvet 4", "food", "maja", 2, "61-7", "c0 q0 c1"),
    Firm("Skive Autolakering", "7800 Skive", "Viborgvej 101", "construction", "signe", 1, "28-5", "c0 q0"),
    Firm("Mariager Fjord Hotel", "9550 Mariager", "Havnevej 8", "hotel", "jonas", 3, "84-10", "c0 q0 q1 r2"),
    Firm("Kongeå Mejeri", "6630 Rødding", "Kongeåvej 30", "food", "signe", 2, "118-36", "c0 q0 q1"),
    Firm("Læsø Tang ApS", "9940 Læsø", "Byrumvej 15", "food", "karen", 1, "21-1.5", "c0 q0"),
    Firm("Frederikssund Svømmehal", "3600 Frederikssund", "Kalvøvej 2", "sport", "maja", 2, "74-22", "q0"),
    Firm("Bjerringbro Plast", "8850 Bjerringbro", "Fabriksvej 7", "metal", "emil", 2, "260-14", "c0 q0 s p0 @120 l0 m=mql q1"),
    Firm("Odsherred Andelsgartneri", "4500 Nykøbing Sj", "Lyngvej 19", "nursery", "karen", 1, "31-9", "c0 q0 s m=mql z0"),
    # ---------------------------------------------------------------------------------------------- opportunities
    Firm(
        "Fjordbo Entreprise A/S",
        "7100 Vejle",
        "Havnegade 14",
        "construction",
        "maja",
        "Torben Friis:operations, Anne-Mette Juhl:finance, Rasmus Holk:engineer",
        "214-0.3",
        "c0 q0 q1 s @165 l0 @50 s p1 c2 @30 s p2 p1 @18 s @6 p1 @0.3 w1",
    ),
    Firm(
        "Vinther Revision",
        "1264 København K",
        "Store Kongensgade 40",
        "office",
        "maja",
        "Caroline Vinther:partner, Bo Vinther:office",
        "96-3",
        "c0 q0 s p0 c1 s w0",
    ),
    Firm("Brønnum & Søn ApS", "9000 Aalborg", "Nyhavnsgade 20", "metal", "jonas", "Preben Brønnum:owner, Jeppe Brønnum:operations", "122-1", "q0 s p0 p0 s w0"),
    Firm(
        "Kattegat Offshore",
        "9900 Frederikshavn",
        "Oceankajen 5",
        "sea",
        "jonas",
        "Sigrid Lauritzen:operations, Kaj Toft:buyer",
        "188-6",
        "c0 q0 s d1 p0 s p0 @20 l1 @6 p0",
    ),
    Firm("Østbirk Mejeri", "8752 Østbirk", "Mejerigade 3", "food", "signe", 2, "104-0.7", "q0 q1 s p0 s p1 @0.7 w0"),
    Firm("Skagerrak Fiskeri", "9990 Skagen", "Auktionsvej 11", "sea", "maja", 1, "130-9", "c0 q0 s p0 p0 s"),
    Firm("Struer Elektronik", "7600 Struer", "Fjordvejen 55", "metal", "maja", 3, "70-2", "c0 q0 q2 s p0 s p0 s"),
    Firm("Højby Friskole", "5260 Odense S", "Skolevej 9", "sport", "maja", 2, "152-5", "q0 s p0 @70 w0 k @60 o0 @40 p0 @25 w0 s p1"),
    Firm("Grenaa Tømmerhandel", "8500 Grenaa", "Kattegatvej 31", "wood", "jonas", 2, "93-4", "c0 q0 s p0 s p1 p1 s"),
    Firm("Lemvig Vandværk", "7620 Lemvig", "Vandværksvej 2", "public", "jonas", 1, "58-3", "q0 s p0 p0"),
    Firm("Præstø Gartneri", "4720 Præstø", "Rosagervej 14", "nursery", "jonas", 2, "81-4", "q0 s s q1 m=opp p0 @4 l1"),
    Firm("Hammershøj Savværk", "8830 Tjele", "Savværksvej 1", "wood", "signe", 1, "66-7", "c0 q0 f b0 p0 z0 s"),
    # ----------------------------------------------------------------------------------------- lost opportunities
    Firm("Lyngby Tandklinik", "2800 Kongens Lyngby", "Hovedgade 80", "health", "signe", "Mikala Borch:owner", "180-17", "q0 s p0 @17 l0 a"),
    Firm("Ebeltoft Vinhandel", "8400 Ebeltoft", "Adelgade 25", "shop", "karen", 1, "236-140", "c0 q0 s p0 l0"),
    Firm("Stevns Kalkværk", "4660 Store Heddinge", "Kalkvej 10", "construction", "emil", 2, "300-96", "q0 s l0 s p1 l1"),
    Firm("Rødekro Transport", "6230 Rødekro", "Hærvejen 4", "transport", "jonas", 2, "171-28", "c0 q0 s s p1 @60 l0 k @28 l1 A"),
    Firm("Samsø Kartofler", "8305 Samsø", "Langgade 6", "farm", "maja", 1, "325-98", "q0 s p0 l0 @110 s p1 l1"),
    # -------------------------------------------------------------------------------------------------- customers
    Firm(
        "Møllegaard Foods",
        "8800 Viborg",
        "Møllevej 70",
        "food",
        "maja",
        "Henriette Møllegaard:director, Steen Krag:production, Lotte Vig:climate",
        "363-2",
        "import=customer s w1 @258 m=vip s p2 w2 s p3 p3 s l4 s w5 s p6 s p7",
    ),
    Firm(
        "Havgaard Logistik A/S",
        "7000 Fredericia",
        "Taulovvej 21",
        "transport",
        "signe",
        3,
        "363-11",
        "import=customer s p1 w1 @257 m=a s w2 s s p3 l4 s w3 s p5",
    ),
    Firm("Aalborg Rustfri ApS", "9220 Aalborg Ø", "Gasværksvej 30", "metal", "jonas", 2, "347-24", "c0 q0 s p0 @240 w0 a @236 m=b s w1 s l2 s w3 s p4 p4"),
    Firm("Egeskov Boligselskab", "5772 Kværndrup", "Parkvej 3", "housing", "emil", 2, "363-40", "import=customer @255 m=b s w1 s w2 s p3 z3 s w4 s s p6"),
    Firm("Café Ved Åen", "8000 Aarhus C", "Åboulevarden 28", "hotel", "karen", 1, "363-75", "import=customer @254 m=c s w1 s l2 s"),
    Firm("Skærbæk Møbler", "6780 Skærbæk", "Storegade 49", "wood", "emil", 2, "332-19", "q0 s p0 p0 @205 w0 a s l1 s w2 s p3 p3"),
    Firm("Jyderup Slagteri", "4450 Jyderup", "Skarridsøvej 12", "food", "maja", 2, "361-3", "c0 q0 s p0 @330 w0 s w1 @250 m=a s w2 s p3 s p4 p4 s w3"),
    Firm("Hirtshals Køl & Frys", "9850 Hirtshals", "Sydvestkajen 7", "sea", "jonas", 3, "358-8", "q0 q1 s p0 @301 w0 s w1 @250 m=vip s p2 w2 s s w3 s p5"),
    Firm("Randbøl Maskinfabrik", "7183 Randbøl", "Grindstedvej 18", "metal", "signe", 2, "352-30", "c0 q0 s @280 w0 s p1 w1 s s l2 s w3"),
    Firm("Bogense Marineservice", "5400 Bogense", "Vestre Havnevej 4", "sea", "signe", 2, "301-33", "q0 s p0 @230 w0 x=a s w1 s p2 s w3 s"),
    Firm("Kerteminde Kulturhus", "5300 Kerteminde", "Strandgade 13", "sport", "karen", 1, "270-45", "c0 q0 s p0 @190 w0 x=c s w1 s l2 s"),
    Firm("Holstebro Varehus", "7500 Holstebro", "Nørregade 37", "shop", "jonas", 3, "288-16", "c0 q0 s s p1 @176 w0 @175.6 w1 x=b s w2 s p3 z3 s p4"),
    Firm("Ikast Væveri", "7430 Ikast", "Strøget 52", "wood", "emil", 2, "247-21", "c0 q0 s p0 @150 w0 @148 o0 p0 @139 w0 a s w1 s s p2"),
    Firm("Dragør Rederi", "2791 Dragør", "Strandlinien 2", "sea", "maja", 2, "226-12", "q0 s p0 @128 w0 a @100 m=a s p1 w1 s p2 s w3 s"),
    Firm("Nibe Festivalplads", "9240 Nibe", "Skalhuse 1", "sport", "karen", 1, "133-26", "q0 @60 s! @59.5 x=c s s"),
    Firm("Horsens Køkkenfabrik", "8700 Horsens", "Vejlevej 66", "wood", "jonas", 2, "199-5", "c0 q0 s p0 @88 w0 @85 m=customer s w1 s p2 @5 s!"),
    # ------------------------------------------------------------------ partners, former customers, others
    Firm("Skagen Marine Service", "9990 Skagen", "Havnevagtvej 8", "install", "signe", 2, "363-60", "import=partner s w0 s"),
    Firm("Elgaarden A/S", "8260 Viby J", "Fabriksvej 40", "install", "maja", 2, "363-363", "import=partner"),
    Firm("Solteknik Sjælland ApS", "4600 Køge", "Værftsvej 5", "install", "emil", 1, "240-130", "c0 q0 s p0 m=partner w0"),
    Firm("Vejen Planteskole", "6600 Vejen", "Koldingvej 92", "nursery", "signe", 1, "363-80", "import=customer s l1 m=former"),
    Firm("Nakskov Papirhandel", "4900 Nakskov", "Axeltorv 6", "shop", "karen", 1, "363-145", "import=customer m=former"),
    Firm("Nordlys Solceller Engros", "8200 Aarhus N", "Finlandsgade 10", "metal", "maja", 2, "340-340", "=other"),
    Firm("Energinævnet i Bælt Kommune", "5500 Middelfart", "Rådhuspladsen 1", "public", "karen", 1, "290-115", "c0 m=other"),
]
