import fc from 'fast-check'

/**
 * Random programs as text. All of them end: loops count down a number of their own, recursion
 * carries a depth. Variables a, b, c hold numbers, o and p objects, l a list, f and g functions.
 */
interface Grammar {
  expr: string
  stmt: string
}

const names = fc.constantFrom('a', 'b', 'c')
const objects = fc.constantFrom('o', 'p', 'o.in', 'p.in')
const fields = fc.constantFrom('x', 'y', 'z')

const grammar = fc.letrec<Grammar>((tie) => {
  const expr = tie('expr')
  const stmt = tie('stmt')
  const body = fc.array(stmt, { minLength: 1, maxLength: 3 }).map((list) => list.join(' '))
  return {
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.integer({ min: -3, max: 9 }).map((n) => `(${n})`),
      names,
      fc.tuple(objects, fields).map(([o, k]) => `${o}.${k}`),
      fc.tuple(expr, fc.constantFrom('+', '-', '*', '<', '===', '&', '&&', '||', '??', ','), expr)
        .map(([l, op, r]) => `(${l} ${op} ${r})`),
      fc.tuple(names, fc.constantFrom('=', '+=', '-=', '??='), expr).map((t) => `(${t.join(' ')})`),
      fc.tuple(objects, fields, fc.constantFrom('=', '+=', '-=', '||=', '&&='), expr)
        .map(([o, k, op, v]) => `(${o}.${k} ${op} ${v})`),
      fc.tuple(objects, fields, fc.constantFrom('++', '--')).map(([o, k, op]) => `${o}.${k}${op}`),
      fc.tuple(names, fc.constantFrom('++', '--')).map(([v, op]) => `${v}${op}`),
      fc.tuple(fc.constantFrom('f', 'g', 'o.m', 'p.m', 'log', 'o?.m', 'o.none?.', '(0, f)'), expr)
        .map(([f, x]) => `${f}(${x})`),
      fc.tuple(expr, expr, expr).map(([t, x, y]) => `(${t} ? ${x} : ${y})`),
      expr.map((x) => `l.map((v) => v + ${x}).reduce((s, v) => s + v, 0)`),
      expr.map((x) => `l.filter((v) => log(v) > ${x}).length`),
      fc.tuple(expr, expr).map(([x, y]) => `[...l].sort((v, w) => v - w).indexOf(${x}, ${y} & 1)`),
      fc.tuple(expr, expr).map(([x, y]) => `new K(${x}, ${y}).get()`),
      fc.tuple(expr, expr).map(([x, y]) => `((q, { r = ${y} } = { r: q }, ...s) => q + r + s.length)(${x})`),
      expr.map((x) => '`<${' + x + '}>`.length'),
      fc.tuple(expr, expr).map(([x, y]) => `[${x}, ${y}, ...l][1]`),
    ),
    stmt: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      expr.map((x) => `${x};`),
      expr.map((x) => `log(${x});`),
      fc.tuple(expr, body, body).map(([t, x, y]) => `if (${t}) { ${x} } else { ${y} }`),
      fc.tuple(body, fc.constantFrom('', 'if (i === 1) continue;', 'if (i === 2) break;'))
        .map(([x, jump]) => `for (let i = 0; i < 3; i++) { ${jump} ${x} }`),
      fc.tuple(names, body).map(([v, x]) => `for (let ${v} of [...l]) { n += ${v}; ${x} }`),
      fc.tuple(body, expr, body).map(([x, v, y]) => `try { ${x} if (${v}) throw ${v}; } catch (e) { log(e); ${y} }`),
      fc.tuple(body, body).map(([x, y]) => `try { ${x} } finally { ${y} }`),
      fc.tuple(names, expr).map(([v, x]) => `{ const k = () => ${x}; ${v} = k() + 1; }`),
      fc.tuple(names, names, expr).map(([v, w, x]) => `[${v}, ${w}] = [${x}, ${v}];`),
      fc.tuple(names, objects).map(([v, o]) => `({ x: ${v}, y: o.z = 4 } = ${o});`),
      fc.tuple(expr, expr, body).map(([t, u, x]) => `switch (${t}) { case ${u}: ${x} case 2: log('two'); break; default: log('d') }`),
      expr.map((x) => `fs.push(() => ${x});`),
    ),
  }
})

const block = fc.array(grammar.stmt, { minLength: 1, maxLength: 5 }).map((list) => list.join('\n'))

/** The body of a function that uses `log` and returns everything that can be seen of its state. */
export const program: fc.Arbitrary<string> = fc
  .record({ main: block, f: block, g: grammar.expr, get: grammar.expr })
  .map(({ main, f, g, get }) => `
let a = 1, b = 2, c = 3, n = 0, depth = 0, steps = 0;
const fs = [], l = [3, 1, 2];
class B { constructor(y) { this.y = y } get() { return this.y } }
class K extends B {
  x = 1; #h = 2;
  constructor(x, y) { super(y); this.x += x }
  get() { depth++; try { return depth > 2 || ++steps > 40 ? this.x : (${get}) + super.get() + this.#h + [1].map((v) => v + this.x)[0] } finally { depth-- } }
}
const o = { x: 1, y: 2, z: 3, in: { x: 4, y: 5, z: 6 }, m(v) { return v + this.x } };
const p = { x: 7, y: 8, z: 9, in: o.in, m: (v) => f(v) };
function f(q) { if (depth > 2 || ++steps > 40) return q; depth++; try { ${f} return q } finally { depth-- } }
const g = (q) => { if (depth > 2 || ++steps > 40) return q; depth++; const r = ${g}; depth--; return r };
${main}
for (const k of fs.slice(0, 5)) log(k());
return [a, b, c, n, o, p, l];`)
