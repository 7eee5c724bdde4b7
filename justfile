# Daily commands. `just` alone lists them.
default:
    @just --list

# Run the server with its data in ./epic-data.
run *ARGS:
    cargo run --release -- {{ARGS}}

# Walk through the five flows against a running server.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Run every test, or those that match.
test *ARGS:
    scripts/test {{ARGS}}

# Format, then check formatting, lints, docs and dependencies.
check:
    cargo fmt --all
    scripts/check

# Everything that must pass before a change lands.
ci:
    .ci/run

# Run the benchmarks.
bench *ARGS:
    cargo bench --workspace {{ARGS}}
