"""Verify an export of a confide ledger as docs/ledger-format.md describes it; nothing of confide is imported.

Recomputes chain, tree, prices, sums, admissions; verifies signatures, who held which role. Exit 0: in order;
5: with the first entry that is not what it must be; 2: no file. What it leaves out: section 8 of that page.
"""

# fmt: off
import argparse
import json
import sys
from base64 import b64decode
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from math import ceil, erfc, exp, expm1, floor, inf, lgamma, log, log1p, pi, sqrt, tau
from statistics import NormalDist
from types import SimpleNamespace as Record

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NONE, ZERO, LONGEST = 2**53 - 1, (0,) * 5, 1 << 24
OPTIONAL = dict.fromkeys(("approval", "expires", "cohort", "spent_cohorts", "overlaps", "roles"))
COST = ("basic_epsilon", "basic_delta", "renyi", "additive_delta", "gaussian")
SHARES = ("basic", "renyi", "renyi_additive", "gaussian", "gaussian_additive")
ACTS = {"extend": "allowance", "appoint": "appoint", "dismiss": "dismiss"}
APPROVERS = {"extend": ("extend", 1), "re-identify": ("re-identify", 2), "erase": ("approve", 2)}
EVENTS = {  # the fields of each, and what is least there
    "discrete-laplace": {"sensitivity": 1, "scale": 0.01}, "approximate-dp": {"epsilon": 1e-9, "delta": 0},
    "discrete-gaussian": {"sensitivity": 1, "sigma": 0.3}, "bounded-range": {"epsilon": 1e-9},
    "sampled-gaussian": {"sensitivity": 1, "sigma": 0.3, "rate": 1e-9, "steps": 1}, "failure": {"delta": 0}}
ORDERS, WHOLES = [1 + 10 ** (-2 + 9 * j / 699) for j in range(700)], [*range(2, 513), *range(528, 2049, 16)]
def must(holds):
    if not holds:
        raise ValueError
def in_order(pairs):  # an object of canonical JSON
    keys = [key.encode("utf-16-be") for key, _ in pairs]
    must(keys == sorted(set(keys)))
    return dict(pairs)
read_line = json.JSONDecoder(object_pairs_hook=tuple, parse_float=int, parse_constant=int).decode
read = json.JSONDecoder(object_pairs_hook=in_order, parse_float=int, parse_constant=int).decode
write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode  # canonical, after `read`
def number(text):
    must(repr(float(text)) == text and text[0] != "-")
    return Fraction(text)
# Prices (section 6). A part of an event is (kind, Δ or e, t or σ, q, n, pure ε or None, δ).
@lru_cache(1 << 16)
def shift(part):  # μ²
    kind, size, noise, _, steps, *_ = part
    if kind.endswith("gaussian"):
        return steps * size * size / (noise * noise - 4) if noise >= 3 else inf
    e = size / noise / (2 if kind == "bounded-range" else 1)
    x = e * sqrt(pi / 8) if e < 1e-4 else -NormalDist().inv_cdf(1 / (1 + exp(min(e, 600))))
    return 8 * e if e > 600 else 4 * x * x
@lru_cache(1 << 16)
def curve(part, a):  # R
    kind, size, t, q, steps, *_ = part
    e, rho = size / t, size * size / (2 * t * t)
    if kind.endswith("gaussian") and q < 1:
        w = [lgamma(a + 1) - lgamma(k + 1) - lgamma(a - k + 1) + (a - k) * log1p(-q) + k * log(q)
             + k * (k - 1) * rho + log(-expm1(-k * (k - 1) * rho)) for k in range(2, a + 1)]
        top, total = max(w), sum(exp(each - max(w)) for each in w)
        return steps * (log1p(exp(top) * total) if top < 600 else top + log(total)) / (a - 1)
    less = -expm1(-(2 * a - 2) * e) * exp(-e) / (1 + exp(-e))
    if kind == "discrete-laplace":
        k = exp(-1 / t) * expm1(-(2 * a - 2) / t) / (1 + exp(-1 / t)) / expm1(-(2 * a - 1) / t)
        less = -k * expm1(-(2 * a - 1) * e)
    pure = min(e + log1p(-less) / (a - 1), e, a * e * e / (8 if kind == "bounded-range" else 2))
    return steps * a * rho if kind.endswith("gaussian") else pure
def gaussian_delta(v, e):  # D
    a, b = e / sqrt(v) - sqrt(v) / 2, e / sqrt(v) + sqrt(v) / 2
    q = exp(b * b / 2) * erfc(b / 2**0.5) / 2 if b < 25 else (b**3 + 5*b) / (b**4 + 6*b*b + 3) / sqrt(tau)
    return erfc(a / sqrt(2)) / 2 - exp(-a * a / 2) * q
def converted(parts, d):  # the smaller one of W and G
    low, v, grid = 0.0, sum(map(shift, parts)), WHOLES if any(part[3] < 1 for part in parts) else ORDERS
    def at(a):
        return sum(curve(part, a) for part in parts) + log(1 - 1 / a) - log(d * a) / (a - 1)
    if all(part[5] is None or part[0] == "failure" for part in parts):  # the figure falls, then rises
        grid = grid[bisect_left(range(len(grid)-1), 1, key=lambda i: at(grid[i]) <= at(grid[i+1])):][:1]
    high = 0.0 if v == 0 else inf if d <= 1e-18 or v > 2**21 else v / 2 + 1.01 * sqrt(-2 * v * log(d - 1e-18))
    for _ in range(80 if 0 < high < inf else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(v, middle) <= d - 1e-18 else (middle, high)
    return min(max(0.0, min(map(at, grid))), high)
def parts_of(event):
    if event["kind"] == "composed":
        return [part for each in event["events"] for part in parts_of(each)]
    x, least = {"epsilon": 0, "delta": 0, "rate": 1, "steps": 1}, EVENTS[event["kind"]]
    x |= {name: each if type(each) is int else number(each) for name, each in event.items() if name != "kind"}
    must(event.keys() == {"kind", *least} and all(x[name] >= Fraction(str(least[name])) for name in least))
    size, noise = float(x.get("sensitivity", x["epsilon"])), float(x.get("scale", x.get("sigma", 1)))
    pure = None if "sigma" in x else Fraction(size) / Fraction(noise) if "scale" in x else x["epsilon"]
    return [(event["kind"], size, noise, float(x["rate"]), x["steps"], pure, x["delta"])]
@lru_cache(1 << 16)
def least(event, delta, order):  # up(pure ε), V, and what the other four figures of a cost must be
    parts, delta, v = parts_of(read(event)), number(delta) if delta != "0" else 0, inf
    noisy, pure = [part for part in parts if part[5] is None], sum(part[5] or 0 for part in parts)
    failures = min(1, sum(part[6] for part in parts))
    must(delta < 1)
    if (d := float(delta - failures) * (1 - 1e-9)) > 0:
        v = min(converted(parts, d), float(pure) + converted(noisy, d) if noisy and pure else inf)
    figures = 1e9 * v, 1e9 * sum(curve(part, order) for part in parts), 1e12 * sum(map(shift, parts))
    v, renyi, square = (NONE if each >= NONE else each * (1 - 1e-6) for each in figures)
    pure, total, additive = (min(NONE, ceil(x)) for x in (10**9 * pure, 10**18 * delta, 10**18 * failures))
    return inf if noisy else pure, v, max(0, total - additive), renyi, additive, square
def not_below(figures, others):
    return all(one >= other for one, other in zip(figures, others))
def anew(charges, order):  # what an extension must state at least
    total = ZERO
    for event, delta in charges:
        pure, v, basic_delta, *others = least(event, delta, order)
        each = min(pure, v), 0 if pure <= v * (1 + 2e-6) else basic_delta, *others
        total = [min(NONE, one + more) for one, more in zip(total, each)]
    return total
# Sums and rules (section 5).
def five(value):
    value = value if "gaussian" in value else value | {"gaussian": NONE if any(value.values()) else 0}
    must(all(type(each) is int and 0 <= each <= NONE for each in value.values()))
    return tuple([value[name] for name in COST])
def plus(*sums):
    return tuple([min(NONE, sum(each)) for each in zip(*sums)])
def rule_of(value):
    shares = value.get("shares") or dict(zip(SHARES, [value["delta"] // n for n in (2, 4, 4)] + [0, 0]))
    r = Record(**{"gaussian": -1, **value, "shares": [shares[name] for name in SHARES]})
    figures = r.epsilon, r.delta, r.order, r.cap, r.gaussian, *r.shares
    must(all(type(each) is int for each in figures) and not_below(figures, (1, 0, 2, -1, -1, 0, 0, 0, 0, 0)))
    must(not_below((10**15, 10**15, 131072, NONE, NONE - 1, r.delta), (*figures[:5], sum(r.shares))))
    a, d, v, most = r.order, r.shares[1] * 1e-18, max(r.gaussian, 1e-9) * 1e-12, r.shares[3] * (1e-18 + 1e-24)
    must(r.cap == -1 or r.cap - 1 <= r.epsilon - 1e9 * (log(1 - 1 / a) - log(d * a) / (a - 1)))
    must(r.gaussian == -1 or r.shares[3] >= 2 and gaussian_delta(v, r.epsilon * 1e-9) <= most)
    return r
def admits(r, s):
    return (s[1] + s[3] <= r.shares[0] and s[0] <= r.epsilon or s[3] <= r.shares[2] and s[2] <= r.cap
            or s[3] <= r.shares[4] and s[4] <= r.gaussian)
class Book:  # what all entries so far say together (sections 4 and 7)
    def __init__(self, file):
        self.file, self.place, self.ledger, self.time, self.head = file, "line 1", "", "", "0" * 64
        self.leaves, self.log_keys, self.commits, self.kinds, self.lost, self.next = [], [], {}, [], inf, None
        self.accounts, self.studies, self.open, self.taken = {}, {}, {}, set()
        self.roster, self.approvals, self.rotations = {}, set(), set()
    def line(self, *names):
        text = self.file.readline(LONGEST)
        pairs = read_line(text.decode()) if text.endswith(b"\n") else ()
        must(type(pairs) is tuple and sorted(name for name, _ in pairs) == sorted(names))
        return [dict(pairs)[name] for name in names]
    def take(self, text, digest, salt):
        it, raw, previous = Record(**OPTIONAL | (body := read(text))), text.encode(), self.head
        kind, self.head = it.kind, sha256(bytes.fromhex(previous) + raw).hexdigest()
        must(digest == self.head and write(body) == text and len(salt) == 32)
        must((it.sequence, it.previous) == (len(self.leaves), previous) and getattr(it, "ledger", None) == (
            None if self.leaves else self.ledger) and (kind == "genesis") == (not self.leaves))
        must(self.lost == inf or kind in ("restored", "log-key"))
        ordered = it.time >= self.time or not self.log_keys and not self.roster
        must(it.newest == self.time if kind == "clock" else ordered)
        (act, approval, asked), self.next = self.next or (kind, None, None), None
        must(act == kind and (kind == "log-key" or it.approval == approval))
        self.lost = min(self.lost, it.sequence) if kind == "restored" else self.lost
        if kind not in ("genesis", "clock", "record", "not-private", "restored"):
            getattr(self, "take_" + kind.replace("-", "_"))(it, asked)
        self.kinds.append(kind)
        self.time = it.time
        self.leaves.append(sha256(b"\0" + bytes.fromhex(salt) + raw).digest())
    def take_log_key(self, it, _):
        allowed = self.rotations if self.log_keys and self.roster else {None}
        allowed.remove(it.approval)
        self.log_keys.append(read_key(it.verifier, 1))
    def take_account(self, it, _):
        must(it.account not in self.accounts and (it.rule["delta"] - 1) * 100 * it.patients <= 10**18)
        self.accounts[it.account] = Record(rule=rule_of(it.rule), spent={None: ZERO}, near=[], cohorts={None})
    def take_allowance(self, it, asked):
        r, spent, account = rule_of(it.rule), five(it.spent_study), self.accounts[it.account].rule
        old, until = self.studies.get((it.account, it.study)), it.expires or "9999-12-31"
        must(not_below((account.epsilon, account.delta, until), (r.epsilon, r.delta, it.time[:10])))
        must((old is None) == (asked is None) and (old or spent == ZERO))
        if old:
            e, d = number(asked["epsilon"]), number(asked["delta"])
            asks = floor(10**9 * e), floor(10**18 * d), asked["expires"]
            must((asked["account"], asked["study"]) == (it.account, it.study) and asks != old.figures)
            must(asks == (r.epsilon, r.delta, until) and not_below(asks, old.figures))
            must(not_below((r.gaussian, *r.shares), (old.rule.gaussian, *old.rule.shares)))
            must(old.rule.cap == -1 or old.rule.order == r.order and old.rule.cap <= r.cap)
            must(not_below(spent, anew(old.charges, r.order)) and (spent == ZERO or admits(r, spent)))
        self.studies[it.account, it.study] = Record(
            rule=r, figures=(r.epsilon, r.delta, until), spent=spent, charges=old.charges if old else [])
    def take_cohort(self, it, _):
        account, pairs = self.accounts[it.account], it.overlaps or []
        must(all(pair in pairs for pair in account.near))
        account.near, account.cohorts = pairs, account.cohorts | {it.cohort}
    def take_charge(self, it, _):
        account, study, c = self.accounts[it.account], self.studies[it.account, it.study], it.cohort
        plans = ([it.study, it.account, plan, *[c][c is None:]] for plan in (it.plan, it.plan.get("series")))
        key, paid = (sha256(write(plan).encode()).hexdigest() for plan in plans)
        must("paid_by" not in it.plan or self.commits.get(it.plan["paid_by"], (0, 0))[1] == paid)
        must(it.key == key not in self.taken and c in account.cohorts and it.time[:10] <= study.figures[2])
        here, there, priced = five(it.cost_account), five(it.cost_study), (write(it.event), it.delta)
        for cost, rule in ((here, account.rule), (there, study.rule)):
            pure, v, basic_delta, *others = least(*priced, rule.order)
            must((cost[0] >= pure or cost[1] >= basic_delta and cost[0] >= v) and not_below(cost[2:], others))
        account.spent[c], study.spent = plus(account.spent.get(c, ZERO), here), plus(study.spent, there)
        sums = {name: five(each) for name, each in (it.spent_cohorts or {}).items()}
        must({None: five(it.spent_account), **sums} == account.spent and five(it.spent_study) == study.spent)
        for each in account.spent if c is None else [c]:
            near = {None, each}.union(*(pair for pair in account.near if each in pair))
            must(admits(account.rule, plus(*(account.spent.get(one, ZERO) for one in near))))
        must(admits(study.rule, study.spent))
        study.charges.append(priced)
        self.open[it.sequence] = it.key
        self.taken.add(it.key)
    def take_commit(self, it, _):
        must(self.open.pop(it.charge, None) == it.key)
        if it.kind == "abandon":
            return self.taken.remove(it.key)
        self.commits[it.sequence] = it.release, it.key
    def holders(self, role, then="9999"):
        return {key for key, (roles, since) in self.roster.items() if role in roles and since <= then}
    def take_approval(self, it, _):
        request, signers = it.request, {each["key"] for each in it.signatures}
        kind, fields, requester = request["kind"], request["fields"], request["requester"]
        message = b"confide statement 1\0" + write(request).encode()
        must(request["ledger"] == self.ledger and it.time <= request["expires"])
        must(it.key == sha256(message).hexdigest() and it.key not in self.approvals)
        must(len(signers) == len(it.signatures) and requester in {None, *signers})
        for each in it.signatures:
            key, signature = bytes.fromhex(each["key"]), b64decode(each["signature"])
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        approvers, (role, needed) = signers - {requester}, APPROVERS.get(kind, ("approve", 1))
        if kind in ("appoint", "dismiss"):
            needed = min(2, max(1, len(self.holders("approve") - {requester})))
        must(len(approvers) >= needed and approvers <= self.holders(role, request["created"]) if self.roster
             else kind == "appoint" and signers == {fields["key"]})
        self.approvals.add(it.key)
        self.rotations |= {it.sequence} if kind == "rotate-log-key" else set()
        self.next = (ACTS[kind], it.sequence, fields) if kind in ACTS else None
    def take_appoint(self, it, asked):
        must(all(getattr(it, name) == each for name, each in asked.items()))
        before, held = len(self.holders("approve")), self.roster.get(it.key, ([it.kind == "appoint"], ""))[0]
        self.roster[it.key] = it.roles or [], it.time
        must(any(held) and len(self.holders("approve")) >= max(1, min(2, before)))
    take_abandon, take_dismiss = take_commit, take_appoint
# Tree, notes, file (sections 2 and 3).
def root(leaves):
    k = 1 << (len(leaves) - 1).bit_length() - 1 if leaves[1:] else 0
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest() if k else leaves[0]
def read_key(text, kind):
    name, key_id, data = text.split("+", 2)
    raw = b64decode(data)
    must(len(raw) == 33 and raw[0] == kind and sha256(f"{name}\n".encode() + raw).hexdigest()[:8] == key_id)
    return name, bytes.fromhex(key_id), raw[1:]
def signed(note, key, witness=False):  # the latest time; -1: never
    body, when = note.rpartition("\n\n")[0] + "\n", -1
    for dash, name, data in (line.split(" ") for line in note[len(body) + 1:-1].split("\n")):
        if (dash, name, (raw := b64decode(data))[:4]) == ("—", *key[:2]):
            time = int.from_bytes(raw[4:12])
            message = f"cosignature/v1\ntime {time}\n{body}" if witness else body
            Ed25519PublicKey.from_public_bytes(key[2]).verify(raw[12 if witness else 4:], message.encode())
            when = max(when, time)
    return when
def check_note(book, note, keys, lost):  # return its size, and whether what it names is lost
    origin, size, digest, *_ = note.split("\n")
    must(origin == "confide-ledger/" + book.ledger and size == str(int(size)) and int(size) >= 1)
    lost, size = lost < int(size), int(size)
    must(lost or max([signed(note, key) for key in keys if key[0] == origin], default=-1) >= 0)
    must(lost or size <= len(book.leaves) and b64decode(digest) == root(book.leaves[:size]))
    return size, lost
def verify(book, log_key, witnesses):
    form, book.ledger, size, releases = book.line("format", "ledger", "entries", "releases")
    must(form == "confide-ledger-export/1" and size >= 1)
    for number in range(size):
        book.place = f"entry {number}"
        book.take(*book.line("entry", "hash", "salt"))
    must(not book.next and log_key in [None, *book.log_keys] and releases in (0, len(book.commits)))
    for sequence, (digest, _) in book.commits.items() if releases else []:
        book.place = f"the release of entry {sequence}"
        number, salt, content = book.line("release", "salt", "content")
        content = b"confide release\0" + bytes.fromhex(salt) + content.encode()
        must(number == sequence and sha256(content).hexdigest() == digest)
    book.place = "the checkpoint"
    must(check_note(book, *book.line("checkpoint"), book.log_keys[-1:], inf)[0] == size)
    found = {f"{kind}s": book.kinds.count(kind) for kind in ("charge", "commit", "abandon", "approval")}
    found |= {"entries": size, "open": len(book.open), "head": book.head, "root": root(book.leaves).hex()}
    if book.file.peek(1):
        book.place, (note,) = "the cosigned checkpoint", book.line("cosigned")
        found["cosigned"], found["lost"] = check_note(book, note, book.log_keys, book.lost)
        found["witnesses"] = {key[0]: signed(note, key, witness=True) for key in witnesses}
    must(not book.file.peek(1))
    return found
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("export", type=argparse.FileType("rb"))
    parser.add_argument("--log-key", type=lambda text: read_key(text, 1))
    parser.add_argument("--witness", type=lambda text: read_key(text, 4), action="append", default=[])
    parser.add_argument("--json", action="store_true")
    book = Book((given := parser.parse_args()).export)
    try:
        found = verify(book, given.log_key, given.witness)
    except Exception:
        sys.exit(print(f"{book.place} is not what it must be") or 5)
    print(json.dumps(found) if given.json else "\n".join(f"{name}: {each}" for name, each in found.items()))
if __name__ == "__main__":
    main()
