#!/bin/bash
# Measures a suite of benchmarks in parts, one for each task of a Slurm job array, and joins them:
#
#     slurm-submit.sh 8
#
# CARGO_OPTIONS is handed to `cargo bench` (`--package my-crate --bench sorting`), BENCH_OPTIONS to the benchmarks
# (`--time 10`). The joined runs are in the project's store, or where TACHY_STORE says. The folder must be one that all
# nodes share.
set -euo pipefail

parts="${1:-4}"
here="$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
mkdir -p parts

# Built once and beforehand: nobody builds while others measure.
# shellcheck disable=SC2086 # Options are several words.
cargo bench ${CARGO_OPTIONS:-} --no-run

failed=0
job="$(sbatch --parsable --wait --array="1-$parts" "$here/slurm.sbatch")" || failed=$?

# Joined even if a benchmark failed: it is a row of its part.
# shellcheck disable=SC2086 # A command is several words.
${TACHY:-tachy} merge "parts/$job-"*.sqlite
exit "$failed"
