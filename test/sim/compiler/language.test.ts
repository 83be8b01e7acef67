import { describe, expect, test } from 'vitest'
import { expectSame } from './differential'

/** Each program must also do something: a result that is not undefined, and no error. */
function programs(cases: [string, string][]): void {
  test.each(cases)('%s', (_name, body) => {
    const { result, error } = expectSame(body)
    expect(error).toBeUndefined()
    expect(result).toBeDefined()
  })
}

describe('functions', () => programs([
  ['hoisting', 'return f(2); function f(x) { return x + g() } function g() { return 1 }'],
  ['recursion', 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } return fib(9)'],
  ['mutual recursion', 'const even = (n) => n === 0 ? true : odd(n - 1), odd = (n) => n === 0 ? false : even(n - 1); return even(7)'],
  ['deep recursion', 'function down(n) { return n === 0 ? 0 : 1 + down(n - 1) } return down(5000)'],
  ['defaults see earlier parameters', 'function f(a, b = a + 1, c = () => a + b) { return [a, b, c()] } return [f(1), f(1, 5), f(undefined, null)]'],
  ['defaults that call', 'const o = { n: 1 }; function f(a = log(o.n), b = o.n++) { return [a, b] } return [f(), f(9), o.n]'],
  ['length', 'function f(a, b = log(1), c) {} function g(a, b) {} function h({ a }, [b], ...c) {} return [f.length, g.length, h.length]'],
  ['names', 'const f = () => log(1), o = { g() { log(1) }, h: () => log(2) }; class C { k = () => log(3); #p = 1; static s = function () { return log(1) } } return [f.name, o.g.name, o.h.name, new C().k.name, C.s.name]'],
  ['rest', 'function f(a, ...r) { return [a, r, arguments.length] } return [f(1), f(1, 2, 3), f(...[4, 5], 6)]'],
  ['rest pattern', 'function f(...[a, { b } = { b: log(3) }]) { return [a, b] } return [f(1), f(1, { b: 2 })]'],
  ['parameter patterns', 'function f({ a, b: { c = log(5) } = {} }, [d, ...e] = [1, 2, 3]) { return [a, c, d, e] } return [f({ a: 1 }), f({ a: 1, b: { c: 2 } }, [])]'],
  ['arguments', 'function f() { const g = () => log(arguments[0]); return [g(), arguments.length] } return f(7, 8)'],
  ['closures', 'const fs = []; for (let i = 0; i < 3; i++) fs.push(() => log(i)); return fs.map((f) => f())'],
  ['counter', 'function counter() { let n = 0; return { inc: () => ++n, get: () => n } } const c = counter(); c.inc(); log(c.inc()); return c.get()'],
  ['named function expressions', 'const f = function me(n) { return n ? log(n) + me(n - 1) : 0 }; return f(3)'],
  ['call, apply, bind', 'function f(a, b) { return [this.x, log(a), b] } const o = { x: 1 }; return [f.call(o, 2, 3), f.apply(o, [4, 5]), f.bind(o, 6)(7)]'],
  ['this of plain calls', 'function f() { return this === undefined && log(1) } return f()'],
  ['this of arrows', 'const o = { x: 3, f() { return [1, 2].map((a) => log(a) + (() => this.x)()) } }; return o.f()'],
  ['this in nested arrows of which only the outer suspends', 'const o = { x: 3, f() { const g = () => { const h = () => this; log(1); return h().x }; return g() } }; return o.f()'],
  ['new.target', 'class A { constructor() { const f = () => { log(1); return new.target === A }; this.r = f() } } return new A().r'],
  ['functions as values', 'const table = { add: (a, b) => log(a + b), sub: (a, b) => a - b }; return Object.keys(table).map((k) => table[k](5, 3))'],
  ['immediately called', 'return (function () { return log(4) })() + (() => log(5))()'],
  ['argument order', 'const f = (...a) => a; return f(log(1), log(2), f(log(3)), log(4))'],
  ['receiver before arguments', 'let o = { n: 1, f(x) { return this.n + x } }; return o.f((o = { n: 10 }, log(5)))'],
  ['callee before arguments', 'let f = (x) => x + 1; const r = f((f = null, log(1))); return r'],
  ['kernel call arguments before assignment', 'let i = 1; const r = log(i, i++, i); return [r, i]'],
  ['spread to a kernel call', 'const a = [1, 2]; return log(...a, 3, ...a)'],
]))

describe('classes', () => programs([
  ['fields and methods', 'class P { x = 1; y = this.x + 1; sum() { return log(this.x + this.y) } } return new P().sum()'],
  ['constructor', 'class P { constructor(a, b = a) { this.a = a; this.b = log(b) } } return [new P(1), new P(1, 2)]'],
  ['inheritance', 'class A { constructor(n) { this.n = n } f() { return log(this.n) } } class B extends A { constructor() { super(5); this.m = 6 } f() { return super.f() + this.m } } return [new B().f(), new B() instanceof A]'],
  ['implicit constructor', 'class A { constructor(...a) { this.a = a } } class B extends A { b = this.a.length } return new B(1, 2)'],
  ['arrow fields', 'class A { n = 2; f = () => log(this.n); g = (k) => { this.n += k; return this.f() } } const { g } = new A(); return g(3)'],
  ['arrows in a derived constructor', 'class A { n = 1 } class B extends A { constructor() { const f = () => log(this.n); super(); this.r = f() } } return new B().r'],
  ['super in arrows', 'class A { v() { return log(1) } get w() { return 2 } } class B extends A { f() { return [0].map(() => super.v() + super.w) } } return new B().f()'],
  ['super in field arrows', 'class A { v() { return log(4) } } class B extends A { f = () => super.v() + 1 } return new B().f()'],
  ['super in object methods', 'const a = { f() { return log(1) } }, b = { __proto__: a, f() { return super.f() + 1 } }; return b.f()'],
  ['super writes', 'class A {} class B extends A { f() { super.z = log(3); return this.z } } return new B().f()'],
  ['accessors', 'class A { #n = 1; get n() { return log(this.#n) } set n(v) { this.#n = v * 2 } } const a = new A(); a.n = 4; a.n += 1; return a.n'],
  ['static', 'class A { static n = 1; static f() { return log(this.n) } static { this.n = A.f() + 1 } } return A.n'],
  ['private', 'class A { #n = 1; #f(x) { return log(x + this.#n) } f() { this.#n++; return this.#f(1) } static has(o) { return #n in o } } return [new A().f(), A.has(new A()), A.has({})]'],
  ['private static', 'class A { static #c = 0; static next() { return log(++A.#c) } } A.next(); return A.next()'],
  ['computed names', 'const k = "foo"; class A { [k + "1"]() { return log(1) } static [log("s")] = 2; [k] = 3 } return [new A().foo1(), A.s, new A().foo]'],
  ['class expressions', 'const A = class { f() { return log(1) } }, B = class Named { self() { return Named === B } }; return [new A().f(), new B().self(), A.name]'],
  ['toString and valueOf', 'class A { constructor(v) { this.v = v } toString() { return `<${log(this.v)}>` } valueOf() { return f(this.v) } } function f(x) { return log(x) * 2 } return [`${new A(1)}`, new A(2) + 1]'],
  ['toJSON', 'class A { toJSON() { return { v: log(1) } } } return JSON.stringify([new A()])'],
  ['iterators', 'class L { constructor(...a) { this.a = a } [Symbol.iterator]() { let i = 0; const take = () => log(this.a[i++]); return { next: () => i < this.a.length ? { value: take(), done: false } : { done: true } } } } const r = []; for (const x of new L(1, 2, 3)) r.push(log(x)); return [r, [...new L(4, 5)], Math.max(...new L(6, 7))]'],
  ['own iterators', 'class I { n = 3; [Symbol.iterator]() { return this } next() { return this.n-- > 0 ? { value: log(this.n), done: false } : { done: true } } } return [...new I()]'],
  ['instances of native classes', 'class M extends Map { inc(k) { this.set(k, (this.get(k) ?? 0) + 1); return log(this.get(k)) } } const m = new M(); m.inc("a"); m.inc("a"); return [...m]'],
  ['errors of lab classes', 'class E extends Error { constructor(m, c) { super(m); this.code = c } } try { throw new E("x", 5) } catch (e) { return [e instanceof E, e.message, log(e.code)] }'],
  ['new with spread', 'class A { constructor(...a) { this.a = a } } return new A(...[1, log(2)], 3)'],
  ['new of an expression', 'const o = { K: class { n = 1 } }; return [new o.K(), new (log(o.K))().n]'],
]))

describe('expressions', () => programs([
  ['optional chains', 'const o = { a: { b: { c: 1, f(x) { return log(x + this.c) } } }, n: null }; return [o?.a?.b.c, o.n?.x.y.z, o.a?.b?.f(1), o.q?.(1), o.a.b.f?.(2), o.n?.[log("no")], o?.["a"]?.["b"].f?.(3)].map((x) => x === undefined ? "u" : x)'],
  ['delete in chains', 'const o = { a: { b: 1, c: 2 } }, n = null; return [delete o?.a.b, delete n?.x, delete o.a["c"], o]'],
  ['optional call keeps this', 'class A { n = 1; get() { return () => log(this.n) } } const a = new A(); return [a.get?.()(), a.nope?.().x ?? "none"]'],
  ['chains of calls', 'const s = { v: 0, add(n) { this.v += log(n); return this } }; return s.add(1).add(2).add(3).v'],
  ['compound assignment', 'const o = { n: 1, s: "a" }; let k = 0; const get = () => (k++, o); get().n += log(2); get().n *= 3; get().s += log("b"); get().n **= 2; get().n >>>= 1; get().n |= 64; return [o, k]'],
  ['compound reads before the right side', 'const o = { n: 1 }; o.n += (o.n = 10, log(1)); return o.n'],
  ['logical assignment', 'const o = { a: 0, b: null, c: 1 }; const r = [o.a ||= log(5), o.b ??= log(6), o.c &&= log(7), o.c ??= log("no"), o["d"] ??= 8]; let x = null; x ??= log(1); x ||= 3; return [o, r, x]'],
  ['increments', 'const o = { n: 1 }, a = [5]; let i = 0; const r = [o.n++, ++o.n, o.n--, --o.n, a[i++]++, a[0], i++, --i]; return [r, o, a]'],
  ['increments convert', 'const o = { s: "5", b: 3n }; return [o.s++, o.s, String(o.b++), String(++o.b)]'],
  ['keys once', 'const a = [1, 2, 3]; let i = 0; a[i++] += 10; a[i++] *= log(2); a[i++]--; return [a, i]'],
  ['assignment order', 'const o = {}, t = (k) => (log(k), o); t("o")[log("k")] = log("v"); return o'],
  ['chained assignment', 'let p = { n: 0 }; const q = p; p.next = p = { n: 1 }; return [q.next === p, p.n]'],
  ['swap', 'const a = [1, 2]; let i = 0, j = 1; [a[i], a[j]] = [a[j], a[i]]; let x = 1, y = 2; [x, y] = [y, x]; return [a, x, y]'],
  ['destructuring', 'const { a, b: { c = log(9), ...r }, ["d" + 1]: d1, ...rest } = { a: 1, b: { e: 2, f: 3 }, d1: 4, g: 5 }; return [a, c, r, d1, rest]'],
  ['destructuring arrays', 'const [a, , b = log(2), [c] = [log(3)], ...d] = [1, 0, undefined, undefined, 4, 5]; return [a, b, c, d]'],
  ['destructuring into members', 'const o = {}; ({ a: o.x, b: o["y"] = log(3) } = { a: 1 }); [o.z, ...o.r] = [1, 2, 3]; return o'],
  ['destructuring results', 'const f = () => ({ a: log(1), b: [2] }); const { a, b: [c] } = f(); return [a, c]'],
  ['templates', 'const o = { n: 1 }; return `a${log(1)}b${o.n}c${[1, 2].map((x) => log(x)).join("-")}`'],
  ['tagged templates', 'const tag = (s, ...v) => [s.raw.join("|"), ...v.map((x) => log(x))], o = { p: "q", tag(s, v) { return this.p + s[0] + v } }; return [tag`a${1}\\n${2}`, o.tag`x${log(3)}`]'],
  ['in and instanceof', 'const o = { a: 1 }; return ["a" in o, "b" in o, log("a") in o, [] instanceof Array]'],
  ['typeof', 'const o = { f() { log(1) } }; return [typeof o.f, typeof o.nope, typeof log(1), typeof null]'],
  ['comma, void, conditional', 'let x = (log(1), log(2)); return [x, void log(3) === undefined, x ? log(4) : log(5)]'],
  ['short circuits', 'return [log(0) && log(1), log(1) || log(2), log(null) ?? log(3), !log(0)]'],
  ['object literals', 'const a = 1, f = (x) => log(x); return { a, f: f(2), [log("k")]: 3, ...{ s: 4 }, ...null, get g() { return log(5) }, m() { return 6 } }'],
  ['array literals', 'return [1, , log(2), ...[3, log(4)], ...new Set([5])].length'],
  ['spread of strings and maps', 'return [..."ab", ...new Map([[1, 2]])]'],
  ['bits and numbers', 'const r = { v: 0xff }; return [r.v << 4 & 0xf0f, ~r.v >>> 28, r.v ** 2, -r.v % 7]'],
  ['bigint', 'return String((1n << 64n) + BigInt(log(5)))'],
  ['regular expressions', 'return ["a1b22".match(/\\d+/g), /(?<y>\\d{4})/.exec("in 2024").groups.y]'],
  ['typed arrays', 'const b = new Uint8Array(4); b[0] = 300; b[1] |= 7; b[2]++; return [...b, b.length, new DataView(b.buffer).getUint16(0)]'],
  ['safe globals', 'return [Math.max(1, log(2)), JSON.parse("[1]"), Number("3"), parseInt("12px"), Object.entries({ a: 1 }), isNaN(NaN), String(undefined)]'],
]))

describe('statements', () => programs([
  ['loops', 'let s = 0; for (let i = 0; i < 4; i++) { if (i === 2) continue; s += log(i) } while (s < 10) s += log(3); do s--; while (s > 8); return s'],
  ['labels', 'const r = []; outer: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; r.push([log(i), j]) } } done: { log(1); break done; } return r'],
  ['labelled try', 'l: try { log(1); break l } finally { log(2) } a: for (;;) { try { break a } finally { log(3) } } return 1'],
  ['for..of', 'const r = []; for (const [k, { v = log(0) }] of new Map([[1, {}], [2, { v: 5 }]])) r.push(k + v); for (const { a, b = a } of [{ a: 1 }, { a: 2, b: 3 }]) r.push(log(a + b)); return r'],
  ['for..of into members', 'const o = {}, r = []; for (o.x of [1, 2]) r.push(log(o.x)); let y; for (y of "ab") r.push(y); return [r, o, y]'],
  ['for..of closes', 'let closed = 0; const it = { [Symbol.iterator]() { let n = 0; return { next() { return { value: n++, done: false } }, return() { closed++; return {} } } } }; for (const x of it) if (log(x) > 1) break; return closed'],
  ['for..in', 'const r = []; for (const k in { a: 1, b: 2 }) r.push(log(k)); for (const k in null) log(k); return r'],
  ['shadowed loop variables', 'const e = { a: 1 }; const r = []; for (const { a } of [{ a: 2 }]) { const b = a; { const a = 5; r.push(a, b, log(e.a)) } } return r'],
  ['closures over loop patterns', 'const fs = []; for (const { a } of [{ a: 1 }, { a: 2 }]) fs.push(() => log(a)); return fs.map((f) => f())'],
  ['switch', 'const f = (x) => { switch (log(x)) { case log(1): return "one"; case 2: log("two"); case 3: { let y = "three"; return y } default: return "many" } }; return [1, 2, 3, 4].map((x) => f(x))'],
  ['try', 'const f = (n) => { try { if (n) throw log(n); return log("ok") } catch (e) { return `caught ${e}` } finally { log("finally") } }; return [f(0), f(1)]'],
  ['finally overrides', 'const f = () => { try { throw 1 } finally { return log(2) } }, g = () => { for (;;) { try { return 1 } finally { break } } return log(3) }; return [f(), g()]'],
  ['nested tries', 'const r = []; try { try { throw { c: log(1) } } finally { r.push("f1") } } catch ({ c, d = log(2) }) { r.push(c, d) } try { null.x } catch { r.push("null") } return r'],
  ['exceptions through frames', 'function a(n) { if (n === 0) throw new TypeError("deep"); try { return a(n - 1) } finally { log(n) } } try { a(3) } catch (e) { return e.message }'],
  ['exceptions out of callbacks', 'try { [1, 2].forEach((x) => { log(x); if (x === 2) throw "stop" }) } catch (e) { return e }'],
  ['blocks and shadowing', 'let x = 1; { let x = log(2); { const x = 3; log(x) } log(x) } var v = 1; { var v = 2 } function g() { return x } return [x, v, g()]'],
  ['functions in blocks', '{ function inner() { return log(1) } log(inner()) } if (true) { function other() { return 2 } return other() }'],
  ['if and else', 'const f = (x) => { if (log(x) > 1) return "big"; else if (x === 1) return "one"; else { return "small" } }; return [f(2), f(1), f(0)]'],
  ['early return in loops', 'const find = (a, p) => { for (const x of a) if (p(x)) return x; return null }; return [find([1, 2, 3], (x) => log(x) > 1), find([], (x) => x)]'],
]))

describe('callbacks', () => programs([
  ['array methods', 'const a = [3, 1, 2], o = { t: 1 }; return [a.map((x) => log(x) * 2), a.filter((x) => log(x) > 1), a.reduce((s, x) => s + log(x)), a.reduce((s, x) => s + log(x), 10), a.reduceRight((s, x, i) => s + log(x) + i, ""), a.some((x) => log(x) === 1), a.every((x) => log(x) > 1), a.find((x) => log(x) === 1), a.findIndex((x) => log(x) === 9), a.findLast((x) => log(x) > 1), a.findLastIndex((x) => log(x) > 1), a.flatMap((x) => [log(x), [x]]), a.map(function () { return log(this.t) }, o)]'],
  ['forEach arguments', 'const r = []; ["a", "b"].forEach((x, i, all) => r.push(log(x), i, all.length)); return r'],
  ['holes', 'const a = [1, , 3]; const r = []; a.forEach((x, i) => r.push(log(i))); return [r, a.map((x) => log(x)).length, 1 in a.map((x) => log(x)), a.filter(() => log(true)).length, a.findIndex((x) => log(x) === undefined), a.reduce((s, x) => s + log(x))]'],
  ['sort', 'const a = [5, 3, undefined, 9, 1, 3]; const b = a.sort((x, y) => log(x) - log(y)) === a; return [a.map(String), b, [3, 1, 2].sort()]'.replace('log(x) - log(y)', 'x - y + 0 * [0].map(() => x).length')],
  ['sort is stable', 'return [{ k: 1, v: "a" }, { k: 0, v: "b" }, { k: 1, v: "c" }, { k: 0, v: "d" }].sort((x, y) => x.k - y.k).map((x) => x.v)'],
  ['sort by names', 'return ["b", "a", "c"].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0)).join("")'],
  ['empty reduce', 'try { [].reduce((a, b) => log(a)) } catch (e) { return e instanceof TypeError }'],
  ['from', 'return [Array.from([1, 2], (x, i) => log(x) + i), Array.from({ length: 2 }, (_, i) => log(i)), Array.from("ab"), Array.from(new Set([1]), (x) => log(x))]'],
  ['Map and Set', 'const r = []; new Map([["a", 1]]).forEach((v, k, m) => r.push(log(k), v, m.size)); new Set([2]).forEach((v, k) => r.push(log(v), k)); return r'],
  ['Map grown while visited', 'const s = new Set([1]), r = []; s.forEach((x) => { r.push(log(x)); if (x < 4) s.add(x + 1) }); return r'],
  ['replace', 'return ["a1b2".replace(/\\d/g, (d) => log(d) + "!"), "aa".replace("a", () => log("x")), "aa".replaceAll("a", (m, o) => `${log(m)}${o}`), "x-y".replace(/(?<l>\\w)-(\\w)/, (m, a, b, o, s, g) => log(b) + a + g.l), "abc".replace("b", "[$&]")]'],
  ['typed arrays', 'return [[...new Uint8Array([1, 2, 3]).map((x) => log(x) * 100)], new Uint16Array([1, 2]).reduce((a, b) => a + log(b), 0), [...new Uint8Array([1, 2]).filter((x) => log(x) > 1)]]'],
  ['own methods with these names', 'class L { map(f) { return f(log(1)) } find(x) { return x } static from(x) { return [x] } } return [new L().map((x) => x + 1), new L().find(log(2)), L.from(3)]'],
  ['JSON', 'return [JSON.stringify({ a: 1, b: 2 }, (k, v) => k === "a" ? undefined : log(v) && v), JSON.parse("[1,2]", (k, v) => typeof v === "number" ? log(v) + 1 : v)]'],
  ['nested', 'return [[1, 2], [3]].map((a) => a.map((x) => log(x)).reduce((s, x) => s + log(x), 0))'],
  ['method references', 'class A { n = 2; mul(x) { return log(x) * this.n } } const a = new A(); return [[1, 2].map(a.mul, a), [1, 2].map((x) => a.mul(x))]'],
  ['through optional chains', 'const o = { l: [1, 2], n: null }; return [o.l?.map((x) => log(x)), o.n?.map((x) => x) ?? "none", o.l.map?.((x) => log(x))]'],
  ['kernel functions as callbacks', 'return [1, 2].map((x) => x).map(log)'],
  ['callbacks changing the array', 'const a = [1, 2, 3]; return [a.map((x) => { if (x === 1) a.push(log(4)); return x }), a]'],
]))

test('what is thrown at the end is the same', () => {
  expect(expectSame('log(1); null.field').error).toBe('TypeError')
})
