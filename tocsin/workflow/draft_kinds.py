"""Which circulars an event calls for, and what each of them states."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from advocates.drafts import compose
from advocates.facts import annulus_facts, is_publishable, upper_limit_facts
from advocates.facts_follow import Changed, OwnCircular, change_facts, changed_values, retraction_facts
from advocates.facts_more import (
    best_box,
    box_facts,
    coincidence_facts,
    detection_facts,
    marginal_facts,
    telling_association,
)
from advocates.sheet import enumerated, last_of
from tocsin.domain.drafts import FOLLOW_UPS, Draft, DraftKind, Fact
from tocsin.domain.events import Event, EventKind
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.circulars import Circular, circulars_on, own_circulars
from tocsin.workflow.context import Context
from tocsin.workflow.recall import stored_notices
from tocsin.workflow.rota_in_force import rota_in_force

#: Kinds of event for which an instrument reports a limit where it saw nothing.
LIMITED = frozenset({EventKind.GRAVITATIONAL_WAVE, EventKind.NEUTRINO})
#: The instrument whose limits have a kind of their own.
SPIACS = "SPI-ACS"
#: Earlier circulars cited at most: the first, which announced the event, and the newest.
MOST_CITED = 8
_CORRECTION = "correction/"


class Papers:
    """What circulars of one event are written from.

    Parameters
    ----------
    context, work
        What the workflow works with.
    event, products
        As the audience of the circular may see them.
    """

    def __init__(self, context: Context, work: UnitOfWork, event: Event, products: Sequence[Product]) -> None:
        self._context, self._work = context, work
        self._event = event
        # What is not to be stated (a delay that may be of two bursts, a width of counts alone) is no fact of a draft.
        self._products = [product for product in products if not product.content.get("not_stated")]
        self._own = own_circulars(work, event.id)

    def kinds(self) -> list[DraftKind]:
        """Kinds of circular that the event calls for now."""
        if self._event.is_retracted:
            return [DraftKind.RETRACTION] if self._own or self._work.approvals(self._event.id) else []
        found = self._first_reports()
        if any(self._changes(one) for one in self._newest_own()):
            found.append(DraftKind.UPDATE)
            if self._work.meta(f"{_CORRECTION}{self._event.id}"):
                found.append(DraftKind.CORRECTION)
        return found

    def facts(self, kind: DraftKind) -> Mapping[str, Fact]:
        """Facts of a circular of that kind."""
        if kind in FOLLOW_UPS:
            return self._follow_up(kind)
        cited = self._cited()
        facts = dict(self._first_report(kind, [one.number for one in cited]))
        if kind in {DraftKind.MARGINAL_EXCESS, DraftKind.DETECTION} and (replaced := self._own_limits()):
            facts["replaced_circulars"] = Fact(
                name="replaced_circulars",
                value="GCN " + enumerated([str(one.number) for one in replaced]),
                product_id=replaced[-1].source,
            )
        if cited and "cited_circulars" in facts:
            facts["cited_circulars"] = replace(facts["cited_circulars"], product_id=cited[-1].source)
        return facts

    def composed(self, kind: DraftKind, facts: Mapping[str, Fact], *, revision: int) -> Draft:
        """Draft of that kind from its facts, with the labels of the audience it is for."""
        made = compose(
            kind,
            facts,
            event_id=self._event.id,
            is_replay=self._context.is_replay,
            made_utc=self._context.clock.now(),
            templates=self._context.templates,
            revision=revision,
        )
        return replace(made, labels=self._event.labels)

    def _first_reports(self) -> list[DraftKind]:
        event, wording = self._event, self._context.wording
        found: list[DraftKind] = []
        limits = {one.subject for one in self._products if one.kind is ProductKind.LIMIT and one.is_answer}
        plain = {name for name in limits if self._is_plain(name)}
        detector = self._detector()
        if event.kind in LIMITED:
            found += [DraftKind.SPIACS_UPPER_LIMIT] if SPIACS in plain else []
            found += [DraftKind.UPPER_LIMIT] if plain - {SPIACS} else []
            found += [DraftKind.MARGINAL_EXCESS] if SPIACS in limits - plain and detector != SPIACS else []
        if detector is not None:
            found.append(DraftKind.DETECTION)
        rings = [one for one in self._products if is_publishable(one)]
        found += [DraftKind.IPN_ANNULUS] if rings else []
        found += [DraftKind.IPN_BOX] if len(rings) > 1 and best_box(self._products)[0] is not None else []
        telling = telling_association(self._products, wording.coincidence_below)
        found += [DraftKind.COINCIDENCE] if event.kind in LIMITED and telling is not None else []
        return found

    def _first_report(self, kind: DraftKind, cited: Sequence[int]) -> Mapping[str, Fact]:
        context, event, products = self._context, self._event, self._products
        authors, wording, now = self._authors(), context.wording, context.clock.now()
        match kind:
            case DraftKind.IPN_ANNULUS:
                return annulus_facts(event, products, wording=wording, authors=authors, cited_circulars=cited)
            case DraftKind.IPN_BOX:
                return box_facts(event, products, wording=wording, authors=authors, cited_circulars=cited)
            case DraftKind.COINCIDENCE:
                return coincidence_facts(event, products, wording=wording, authors=authors, cited_circulars=cited)
            case DraftKind.DETECTION:
                return detection_facts(
                    event,
                    products,
                    wording=wording,
                    authors=authors,
                    made_utc=now,
                    cited_circulars=cited,
                    instrument=self._detector() or SPIACS,
                )
            case _:
                build = marginal_facts if kind is DraftKind.MARGINAL_EXCESS else upper_limit_facts
                instrument = self._other_limit() if kind is DraftKind.UPPER_LIMIT else SPIACS
                return build(
                    event,
                    products,
                    wording=wording,
                    authors=authors,
                    made_utc=now,
                    cited_circulars=cited,
                    instrument=instrument,
                )

    def _follow_up(self, kind: DraftKind) -> Mapping[str, Fact]:
        wording, authors = self._context.wording, self._authors()
        if kind is DraftKind.RETRACTION:
            withdrawn = [one for one in stored_notices(self._work, self._event.id) if one.notice.is_retraction]
            last = withdrawn[-1] if withdrawn else None
            return retraction_facts(
                self._event,
                self._own,
                wording=wording,
                authors=authors,
                retracted_utc=None if last is None else last.notice.issued_utc or last.received_utc,
                source=f"event:{self._event.id}" if last is None else f"notice:{last.raw_sha256}",
            )
        for own in self._newest_own():
            if changes := self._changes(own):
                cited = [one.number for one in self._cited()]
                return change_facts(
                    kind, self._event, own, changes, wording=wording, authors=authors, cited_circulars=cited
                )
        return {}

    def _changes(self, own: OwnCircular) -> list[Changed]:
        """What our circular says otherwise than the same kind of circular would now."""
        if own.draft.kind in FOLLOW_UPS or own.draft.kind not in self._first_reports():
            return []
        now = self.composed(own.draft.kind, self.facts(own.draft.kind), revision=1)
        return changed_values(own.draft, now, self._context.wording)

    def _own_limits(self) -> list[OwnCircular]:
        """Limits that we have reported of this event."""
        kinds = {DraftKind.SPIACS_UPPER_LIMIT, DraftKind.UPPER_LIMIT}
        return [one for one in self._own if one.draft.kind in kinds]

    def _newest_own(self) -> list[OwnCircular]:
        return list({one.draft.kind: one for one in self._own}.values())

    def _cited(self) -> list[Circular]:
        ours = {one.number for one in self._own}
        on_event = circulars_on(self._work, self._event, self._context.clock.now())
        others = [one for one in on_event if one.number not in ours]
        return others if len(others) <= MOST_CITED else [others[0], *others[1 - MOST_CITED :]]

    def _is_plain(self, instrument: str) -> bool:
        """Whether no excess of an instrument is above the reporting threshold: only then is its limit reported."""
        limit = last_of(self._products, ProductKind.LIMIT, instrument)
        chance = self._least_chance(instrument)
        is_rare = chance is not None and chance < self._context.wording.marginal_below
        return not is_rare and limit is not None and limit.content.get("is_plain") is not False

    def _least_chance(self, instrument: str) -> float | None:
        searches = [
            one
            for one in self._products
            if one.kind is ProductKind.SEARCH and one.is_answer and one.subject == instrument
        ]
        chances = [
            float(item["fap"])
            for one in searches[-1:]
            for item in one.content.get("excesses") or ()
            if isinstance(item.get("fap"), (int, float))
        ]
        return min(chances, default=None)

    def _detector(self) -> str | None:
        """Instrument with the least likely counterpart that is rare enough to be called a detection."""
        found: list[tuple[float, str]] = []
        for one in self._products:
            counterpart = one.content.get("counterpart") if one.kind is ProductKind.SEARCH and one.is_answer else None
            chance = counterpart.get("fap") if isinstance(counterpart, Mapping) else None
            if isinstance(chance, (int, float)) and chance < self._context.wording.detection_below:
                found.append((float(chance), one.subject))
        names = [name for _, name in sorted(found)]
        return SPIACS if SPIACS in names else names[0] if names else None

    def _other_limit(self) -> str:
        limits = [one for one in self._products if one.kind is ProductKind.LIMIT and one.is_answer]
        named = [one.subject for one in reversed(limits) if one.subject != SPIACS]
        return next((name for name in named if self._is_plain(name)), next(iter(named), SPIACS))

    def _authors(self) -> tuple[Person, ...]:
        """Who signs: the advocate on call, then the approvers."""
        rota = rota_in_force(self._context, self._work)
        on_call = rota.on_call_or_fallback(self._context.clock.now())
        signing = {one.id: one for one in (*on_call, *self._context.people.with_role(PersonRole.APPROVER))}
        return tuple(signing.values())


def ask_for_correction(work: UnitOfWork, event_id: str, person_id: str) -> str:
    """Note that a person calls what we published wrong: a correction is drafted beside the update."""
    numbers = enumerated([f"GCN {one.number}" for one in own_circulars(work, event_id)] or ["no circular of ours"])
    work.set_meta(f"{_CORRECTION}{event_id}", person_id)
    return numbers
