"""W5: a CSV file of sales is imported, rules 1 to 3 are on and silent."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from decimal import Decimal
from functools import partial
from itertools import batched
from pathlib import Path

from django.core.management import call_command
from django.db.models import F, Max, Sum

from benchmarks import data
from benchmarks.baselines import PlainSale, Reader, import_file
from benchmarks.measure import Measure, Work, compare, cost_in_child, statements
from benchmarks.replay import replay, replayed
from benchmarks.results import Result, Sizes
from crm.actor import working
from crm.models import Company, Sale, SaleTransition, User
from workflow.models import CategoryDecision

HAVN, BULK, PLAIN = "manage.py import_sales", "Sale.objects.bulk_create()", "plain bulk_create()"
REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "crm-sales-opportunities"
RULES = {"sale_won": "Customer", "sale_lost": "Lost opportunity", "sale_registered": "Opportunity"}


class Source:
    """A file, how each competitor is told to read it, and how the companies it names come to be there."""

    def __init__(self, what: str, path: Path, prepare: Work, options: Sequence[str], reader: Callable[[], Reader]) -> None:
        self.what, self.path, self.prepare, self.options, self.reader = what, path, prepare, options, reader

    def competitors(self) -> dict[str, Work]:
        """How each brings the file in."""
        return {HAVN: self._import, BULK: partial(self._create, Sale), PLAIN: partial(self._create, PlainSale)}

    def _import(self) -> None:
        with redirect_stderr(io.StringIO()):  # no progress bar
            call_command("import_sales", str(self.path), *self.options, "--user", data.actor().email, stdout=io.StringIO())

    def _create(self, model: type[Sale | PlainSale]) -> None:
        with working(user=data.actor(), kind="import"):
            import_file(self.path, model, self.reader(), by=data.actor().pk)


def _made_up(what: str, path: Path, *, sales: int, companies: int) -> Source:
    data.actor()
    data.write_sales(path, sales=sales, companies=companies)
    columns = {name: name for name in ("title", "company", "status", "stage", "amount", "currency", "owner")}
    columns |= {"expected_close": "expected", "closed_on": "closed", "external_key": "key"}
    options = ("--map", "expected_close=expected", "--map", "closed_on=closed", "--key", "key")
    reader = partial(Reader, columns, statuses={}, titles={}, date_format="%Y-%m-%d", currency="DKK")
    return Source(what, path, partial(data.fill, companies, sales=False), options, reader)


def _real() -> Source:
    """8,800 sales of 85 companies; a sixth of them have no company."""
    columns = {"title": "product", "company": "account", "status": "deal_stage", "amount": "close_value", "closed_on": "close_date", "owner": "sales_agent"}
    options = [part for name, header in columns.items() for part in ("--map", f"{name}={header}")]
    options += ["--value", "status.open=Prospecting", "--value", "status.open=Engaging", "--value", "title.GTX Pro=GTXPro", "--default", "currency=USD"]
    options += ["--date-format", "%d-%m-%y", "--key", "opportunity_id"]

    def prepare() -> None:
        data.empty()
        accounts = ("--map", "name=account", "--map", "business=sector", "--map", "country=office_location")
        with redirect_stderr(io.StringIO()):
            call_command("import_companies", str(REAL / "accounts.csv"), *accounts, stdout=io.StringIO())
        data.settle()

    with (REAL / "sales_teams.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, last = row["sales_agent"].split(" ", 1)
            User.objects.get_or_create(email=f"{first}.{last}@sales.example".lower(), defaults={"first_name": first, "last_name": last})
    reader = partial(
        Reader,
        {**columns, "external_key": "opportunity_id"},
        statuses={"Prospecting": "open", "Engaging": "open"},
        titles={"GTXPro": "GTX Pro"},
        date_format="%d-%m-%y",
        currency="USD",
    )
    return Source("8,800 real sales of 85 companies", REAL / "sales_pipeline.csv", prepare, options, reader)


# -------------------------------------------------------------------------------------------------------- was the work done
def check(source: Source) -> None:
    """The sales are the same whoever brings them in, and the import's decisions are those of the rules in words, row by row."""
    source.prepare()
    over = {*data.PASSED_OVER, "sale"}  # each makes sales of its own
    found = {name: data.afterwards(work, PlainSale, SaleTransition, passed_over=over) for name, work in source.competitors().items()}
    for name in (BULK, PLAIN):
        data.expect(found[name]["PlainSale"], found[HAVN]["PlainSale"], f"W5 sales: {name}")
    data.expect(found[BULK]["SaleTransition"], found[HAVN]["SaleTransition"], "W5 transitions")
    wanted = replay(source.path, source.reader())
    got: list[Counter[str]] = []
    data.afterwards(lambda: (source.competitors()[HAVN](), got.append(replayed())))
    data.expect(got[0], wanted, "W5: manage.py import_sales, decisions and categories")


def _sums(path: Path, reader: Reader) -> dict[str, object]:
    """What a whole file must leave behind, counted with the csv module."""
    statuses: Counter[str] = Counter()
    amount, causes = Decimal(0), 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = reader.values(row, source="", by=0)
            statuses[values["status"]] += 1
            amount += values["amount"]
            if values["company_id"]:
                causes += 1 + (values["status"] in ("won", "lost"))
    rows = statuses.total()
    return {"amount": amount, **statuses, "transitions": rows, "decisions": causes, "out of step": 0}


def _found() -> dict[str, object]:
    """The same from the database. `out of step` are companies whose number is not that of their last applied decision."""
    sales = data.plain(Sale)
    last = data.plain(Company).annotate(last=Max("decisions__applied_version"))
    return {
        "amount": round(sales.aggregate(sum=Sum("amount"))["sum"], 2),  # SQLite adds in floating point
        **Counter(sales.values_list("status", flat=True)),
        "transitions": data.plain(SaleTransition).count(),
        "decisions": data.plain(CategoryDecision).exclude(rule=None).count(),
        "out of step": last.exclude(category_version=F("last")).count(),
    }


# ------------------------------------------------------------------------------------------------------------------- measuring
def run(sizes: Sizes, *, measure: Measure = cost_in_child, real: bool = True) -> list[Result]:
    """Check that the competitors do the same, then measure them: spread, skewed, and on real data."""
    data.actor()
    data.rules_on(**RULES)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        check(_made_up("", Path(folder) / "check.csv", sales=sizes.check, companies=max(2, sizes.check // 5)))
        spread = f"{sizes.rows:,} sales spread over {sizes.companies:,} companies"
        spread_source = _made_up(spread, Path(folder) / "spread.csv", sales=sizes.rows, companies=sizes.companies)
        results.append(_measured(spread_source, sizes.rows, sizes.import_rounds, measure))
        results[0].hold("CPU, times plain bulk_create()", results[0].ratio(HAVN), 2.5)
        skewed = _made_up(f"{sizes.skewed:,} sales of 5 companies", Path(folder) / "skewed.csv", sales=sizes.skewed, companies=5)
        results.append(_measured(skewed, sizes.skewed, sizes.skewed_rounds, measure))
        if not real:
            return results
        if (REAL / "sales_pipeline.csv").exists():
            results.append(_measured(_real(), 8_800, sizes.skewed_rounds, measure))
        else:
            results[0].notes.append("The real data set is not at ../shared/data/crm-sales-opportunities, so it was left out.")
    return results


def _measured(source: Source, size: int, rounds: int, measure: Measure) -> Result:
    source.prepare()
    wanted = _sums(source.path, source.reader())
    bare = {**wanted, "transitions": 0, "decisions": 0}
    costs = compare(
        source.competitors(),
        rounds=rounds,
        before=source.prepare,
        after=lambda name: data.expect(_found(), bare if name == PLAIN else wanted, f"W5: {name}"),
        measure=measure,
    )
    result = Result("W5", source.what, size, rounds, PLAIN, costs)
    result.statements = _statements(source)
    thousand = len(result.statements[HAVN])
    result.notes.append(f"The first 1,000 rows alone cost {thousand} statements with import_sales, {len(result.statements[BULK])} with bulk_create().")
    return result


def _statements(source: Source) -> dict[str, list[str]]:
    """What the first 1,000 rows of the file cost in statements."""
    with source.path.open(encoding="utf-8", newline="") as file, tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / source.path.name
        part.write_text("".join(next(batched(file, 1_001, strict=False))), encoding="utf-8", newline="")
        short = Source(source.what, part, source.prepare, source.options, source.reader)
        sent = {}
        for name, work in short.competitors().items():
            source.prepare()
            sent[name] = statements(work)
    return sent
