//! What issuing and reading a token costs, by either algorithm.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Username;
use epic_outbound::tokens::Tokens;
use epic_token_jwt::{EddsaKey, EddsaKeyring, EddsaTokens, JwtTokens, Keyring, TokenKey};
use std::error::Error;
use std::hint::black_box;

const SECRET: &[u8; 32] = b"\x9f\x04\x11\xd3\x7a\x58\xee\x20\xb1\x6c\x99\x01\xf4\x83\x2d\xc6\
    \x35\xaa\x0e\x71\xdc\x4b\x92\xe8\x57\x1f\x66\xb0\x03\xcd\x8a\x29";

type Maker = fn(&KeyId, usize) -> Result<Box<dyn Tokens>, Box<dyn Error>>;

fn hs256(key_id: &KeyId, cache_capacity: usize) -> Result<Box<dyn Tokens>, Box<dyn Error>> {
    let keyring = Keyring::new(vec![TokenKey::parse(key_id.clone(), SECRET)?])?;
    Ok(Box::new(JwtTokens::new(keyring, "epic-server".into(), "epic".into(), cache_capacity)?))
}

fn eddsa(key_id: &KeyId, cache_capacity: usize) -> Result<Box<dyn Tokens>, Box<dyn Error>> {
    let keyring = EddsaKeyring::new(vec![EddsaKey::parse(key_id.clone(), &Secret::new(*SECRET))?])?;
    Ok(Box::new(EddsaTokens::new(keyring, "epic-server".into(), "epic".into(), cache_capacity)?))
}

fn claims() -> Result<Claims, Box<dyn Error>> {
    Ok(Claims {
        kind: TokenKind::Access,
        username: Username::parse("alice")?,
        user_id: UserId::from_bytes([1; 16]),
        session_id: SessionId::from_bytes([2; 16]),
        token_id: TokenId::from_bytes([3; 16]),
        issued_at: Timestamp::from_seconds(1_800_000_000),
        expires_at: Timestamp::from_seconds(1_800_001_800),
        auth_time: Timestamp::from_seconds(1_799_999_000),
    })
}

fn measure(criterion: &mut Criterion, name: &str, make: Maker) -> Result<(), Box<dyn Error>> {
    let (key_id, claims) = (KeyId::parse("k1")?, claims()?);
    let (tokens, uncached) = (make(&key_id, 10_000)?, make(&key_id, 0)?);
    let token = tokens.issue(&claims, &key_id)?;
    criterion.bench_function(&format!("{name}: issue"), |bencher| {
        bencher.iter(|| tokens.issue(black_box(&claims), &key_id));
    });
    criterion.bench_function(&format!("{name}: read, cached"), |bencher| {
        bencher.iter(|| tokens.read(black_box(token.expose())));
    });
    criterion.bench_function(&format!("{name}: read, uncached"), |bencher| {
        bencher.iter(|| uncached.read(black_box(token.expose())));
    });
    let mut second = 0;
    criterion.bench_function(&format!("{name}: read, each token new to the cache"), |bencher| {
        bencher.iter_batched(
            || {
                second += 1;
                let issued_at = Timestamp::from_seconds(1_800_000_000 + second);
                tokens.issue(&Claims { issued_at, ..claims.clone() }, &key_id)
            },
            |fresh| fresh.map(|fresh| tokens.read(fresh.expose())),
            BatchSize::SmallInput,
        );
    });
    Ok(())
}

fn tokens(criterion: &mut Criterion) {
    for (name, make) in [("HS256", hs256 as Maker), ("EdDSA", eddsa)] {
        assert!(measure(criterion, name, make).is_ok(), "{name} could not be measured");
    }
}

criterion_group!(benches, tokens);
criterion_main!(benches);
