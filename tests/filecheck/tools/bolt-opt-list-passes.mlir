// RUN: bolt-opt --list-passes | filecheck %s

// CHECK: plan-memory {{.+}}
// CHECK: xDSL's own: {{.*}}canonicalize{{.*}}cse
