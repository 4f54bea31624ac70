// Every mistake is one line on stderr, and the exit status is 1.

// RUN: not bolt-opt %s -p canonicalise 2>&1 >%t | filecheck %s --check-prefix UNKNOWN-PASS
// UNKNOWN-PASS: error: unknown pass 'canonicalise' (did you mean 'canonicalize'?)

// RUN: not bolt-opt %s -p 'cse{depth=2}' 2>&1 | filecheck %s --check-prefix BAD-OPTION
// BAD-OPTION: error: pass 'cse': Provided arguments ["depth"] not found in expected arguments []

// RUN: not bolt-opt %s -p 'cse,,dce' 2>&1 | filecheck %s --check-prefix SYNTAX
// SYNTAX: error: pass-pipeline:1:5: Expected pass name here, in 'cse,,dce'

// RUN: not bolt-opt %s -p 'cse(dce)' 2>&1 | filecheck %s --check-prefix ANCHOR
// ANCHOR: error: pass pipeline: 'cse(' is not an operation to run passes on, in 'cse(dce)' (pass options go in braces)

// RUN: not bolt-opt %s -p 'builtin.module(cse' 2>&1 | filecheck %s --check-prefix UNBALANCED
// UNBALANCED: error: pass pipeline: unbalanced parentheses in 'builtin.module(cse'

// RUN: not bolt-opt %s --bolt-pipeline fastest 2>&1 | filecheck %s --check-prefix NAMED
// NAMED: error: unknown pipeline 'fastest' (one of default

// RUN: not bolt-opt %s -t ptx 2>&1 | filecheck %s --check-prefix TARGET
// TARGET: error: argument -t/--target: invalid choice: 'ptx' (choose from

// RUN: not bolt-opt missing.mlir 2>&1 | filecheck %s --check-prefix MISSING
// MISSING: error: missing.mlir: No such file or directory

// RUN: not bolt-opt %S/../lit.cfg.py 2>&1 | filecheck %s --check-prefix EXTENSION
// EXTENSION: error: {{.*}}lit.cfg.py: Unrecognized file extension 'py' (expected .mlir)

// RUN: not bolt-opt %s --run-reproducer 2>&1 | filecheck %s --check-prefix REPRODUCER
// REPRODUCER: error: {{.*}}bolt-opt-errors.mlir: not a reproducer: its first line holds no --pass-pipeline

// RUN: not bolt-opt %s -o /nowhere/out.mlir 2>&1 | filecheck %s --check-prefix OUTPUT
// OUTPUT: error: /nowhere/out.mlir: cannot write: No such file or directory

func.func @main() {
  func.return
}
