"""How texts were counted before the ledger: the methods of the run that wrote texts, in their words, on plain cells.

`test_ledger.py` compares the ledger with this. It is not to be made prettier: it is what the ledger must agree with."""

from collections import Counter
from types import SimpleNamespace

from syngen_nb.duplicates import Near
from syngen_nb.plan import apportion
from syngen_nb.text import fold, opening

_begins = 'begins like others'


def _shares(n, cells):
    places = sorted(cells, key=lambda p: p[::-1])
    return dict(zip(places, apportion(n, [cells[p] for p in places])))


def series(id, path, share):
    "A cell as the run had it"
    s = SimpleNamespace(node=id, path=path, share=share, got={}, same=fold, error='', gave_up=False)
    s.kept, s.idle, s.spent, s.due = [], -1, False, None
    s.late, s.like, s.eased = [], {}, False
    return s


class Reference:
    "`rows` of labels, and a `tree` as the ledger takes it"

    def __init__(self, rows, tree, filters, rounds, misread=None):
        self._rows, self.tree, self.filters, self.rounds = rows, tree, filters, rounds
        self._misread = misread or (lambda s, t: '')
        self._cells, self._kept, self._turn, self._memo = {}, None, 0, ()

    def _total(self):
        return sum(self._rows.values())

    def _share_out(self):
        for label in self._rows:
            leaves = self.tree.leaves(label)
            cells = {leaf.place: self._cells[i] for i, leaf in leaves.items()}
            spent = {p: len(s.kept) for p, s in cells.items() if s.spent}
            weights = {leaf.place: leaf.weight for leaf in leaves.values() if leaf.place not in spent}
            for p, n in (spent | _shares(self._rows[label] - sum(spent.values()), weights)).items():
                if cells[p].share != n:
                    cells[p].share, self._turn = n, self._turn + 1

    def _keep(self, full=False):
        if self._kept is not None:
            return self._kept
        turn = self._turn
        if self._memo and self._memo[0] == turn and self._memo[2] >= full:
            return self._memo[1]
        seen, out = set(), {}
        cells = [s for i in self.tree.order() if (s := self._cells.get(i)) is not None]
        texts = [list(s.got.items()) for s in cells]
        near, i = Near(t for some in texts for _, t in some) if full and self.filters.near else None, -1
        first = [opening(t) for some in texts for _, t in some] if full and self.filters.opening else []
        begun, most = Counter(), max(1, self._total() // 200)
        form = {o for o, k in Counter(first).items() if 5 * k >= len(first)}

        def like(s, at, k, t):
            if not full:
                return s.like.get(k, '')
            if near and next(near.of(at), None) is not None:
                return 'is a near-duplicate'
            begins = first and not s.eased and first[at] and begun[first[at]] >= most and first[at] not in form
            return _begins if begins else ''

        for s, some in zip(cells, texts):
            out[s.node], late = (kept := []), []
            begin, i = i, i + len(some)
            for at, (k, t) in enumerate(some, begin + 1):
                if (whole := len(kept) >= s.share) and not s.spent:
                    break
                why = 'is a duplicate' if k in seen else self._misread(s, t) or like(s, at, k, t)
                if why:
                    late.append((t, why))
                elif not whole:
                    if near:
                        near.add(at)
                    if first:
                        begun[first[at]] += 1
                    seen.add(k)
                    kept.append(t)
            if full:
                s.late = late
                s.like = {s.same(t): why for t, why in late if why in ('is a near-duplicate', _begins)}
        self._memo = turn, out, full
        return out

    def _relabel(self, read_as, why_not):
        "`read_as` stands for the judge, `why_not` for the filters of a cell; returns what was moved"
        self._keep(full=True)
        twin, moved = {tuple(s.path): s for s in self._cells.values()}, []
        for s in self._cells.values():
            for t, why in s.late:
                read = read_as(s, t) if why.startswith('reads like') else None
                to = read and twin.get((read, *s.path[1:]))
                if to is None or to.same(t) in to.got or why_not(to, t):
                    continue
                to.got[to.same(t)] = t
                self._turn += 1
                moved.append((t, s.node, to.node))
        return moved

    def _fruitless(self, s, idle):
        return idle >= self.rounds or s.gave_up

    def _ease(self):
        kept, stuck = self._keep(full=True), []
        for i, s in self._cells.items():
            short = not s.eased and len(kept[i]) < s.share and len(kept[i]) <= len(s.kept)
            if short and self._fruitless(s, s.idle + 1) and _begins in s.like.values():
                stuck.append(s)
        for s in stuck:
            s.eased = True
        self._turn += bool(stuck)
        return bool(stuck)

    def _settle(self):
        "What came after `if self._ease(): return True`; returns the cells that were pushed, and what each lacked"
        kept = self._keep(full=True)
        for i, s in self._cells.items():
            s.idle = 0 if len(kept[i]) > len(s.kept) or s.idle < 0 else s.idle + 1
            s.kept = kept[i]
            if s.due is None:
                s.due = s.share
            s.spent = s.spent or len(s.kept) < s.share and self._fruitless(s, s.idle)
        self._share_out()
        return [(s.node, lack) for s in self._cells.values() if (lack := s.share - len(s.kept)) > 0 and not s.spent]
