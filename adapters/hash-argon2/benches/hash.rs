//! What one hash costs, in fresh memory and in memory that is kept.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn argon2id(criterion: &mut Criterion) {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
    let mut group = criterion.benchmark_group("argon2id 19456,2,1");
    group.sample_size(50);
    group.bench_function("fresh memory", |bencher| {
        bencher.iter(|| {
            let mut output = [0_u8; 32];
            let result = argon2.hash_password_into(black_box(&[7; 32]), &[8; 16], &mut output);
            (result.is_ok(), output)
        });
    });
    let mut memory = vec![Block::new(); Params::DEFAULT.block_count()];
    group.bench_function("kept memory", |bencher| {
        bencher.iter(|| {
            let mut output = [0_u8; 32];
            let result = argon2.hash_password_into_with_memory(
                black_box(&[7; 32]),
                &[8; 16],
                &mut output,
                &mut memory,
            );
            (result.is_ok(), output)
        });
    });
    group.finish();
}

criterion_group!(benches, argon2id);
criterion_main!(benches);
