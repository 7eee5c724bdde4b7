//! Pages of listings whose newest comes first.

use super::values::date;
use epic_outbound::files::Position;
use mongodb::bson::{Document, Uuid, doc};

/// What of a listing follows a place: older by the time in `field`, or of the same time and a smaller id.
pub(crate) fn following(mut listing: Document, field: &str, after: Option<Position>) -> Document {
    let Some(Position { at, id }) = after else { return listing };
    // Where an index begins to be read; the alternatives alone would have it read from its beginning.
    listing.insert(field, doc! { "$lte": date(at) });
    let alternatives = [doc! { field: { "$lt": date(at) } }, doc! { "_id": { "$lt": Uuid::from_bytes(id) } }];
    listing.insert("$or", alternatives.to_vec());
    listing
}

/// The order of such a listing.
pub(crate) fn newest_first(field: &str) -> Document {
    doc! { field: -1, "_id": -1 }
}
