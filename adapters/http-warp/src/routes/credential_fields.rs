//! The fields of credentials, which several calls take.

use crate::json::Fields;
use epic_domain::Invalid;
use epic_domain::user::{AuthKey, AuthSalt, EncSalt, KdfParameters, Salts, WrappedKey};
use epic_inbound::change_credentials::NewCredentials;

/// The two salts, which must differ.
pub(super) fn read_salts(fields: &mut Fields) -> Option<Salts> {
    let auth_salt = fields.bytes("auth_salt", AuthSalt::parse);
    let enc_salt = fields.bytes("enc_salt", EncSalt::parse);
    fields.accept("enc_salt", Salts::new(auth_salt?, enc_salt?))
}

/// What stands in `kdf`.
pub(super) fn read_kdf(fields: &mut Fields) -> Option<KdfParameters> {
    let algorithm = fields.text("algorithm", |text| match text {
        "argon2id" => Ok(()),
        _ => Err(Invalid::new("unknown_algorithm", "must be \"argon2id\"")),
    });
    let memory_kib = fields.number("memory_kib");
    let iterations = fields.number("iterations");
    let parallelism = fields.number("parallelism");
    algorithm?;
    let parameters = KdfParameters::new(memory_kib?, iterations?, parallelism?);
    fields.accept("memory_kib", parameters)
}

/// Everything that takes the place of what was sent at registration.
pub(super) fn read_new_credentials(fields: &mut Fields) -> Option<NewCredentials> {
    let salts = read_salts(fields);
    let kdf = fields.object("kdf", read_kdf);
    let auth_key = fields.bytes("auth_key", AuthKey::parse);
    let encrypted_mek = fields.bytes("encrypted_mek", WrappedKey::parse);
    let encrypted_private_key = fields.bytes("encrypted_private_key", WrappedKey::parse);
    Some(NewCredentials {
        salts: salts?,
        kdf: kdf?,
        auth_key: auth_key?,
        encrypted_mek: encrypted_mek?,
        encrypted_private_key: encrypted_private_key?,
    })
}
