//! Faults, probes, checker, verdict, evidence.
