//! Pages of listings: one item more than asked for shows whether there is a next page.

/// A page of a listing.
#[derive(Debug)]
pub struct Listed<T, Place> {
    /// What is on it.
    pub items: Vec<T>,
    /// The place of the last one, when there are more.
    pub next: Option<Place>,
}

impl<T, Place> Listed<T, Place> {
    /// A page of at most `limit` out of `items`, of which one more than that was asked for.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32, place: impl Fn(&T) -> Place) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(place);
        Self { items, next }
    }
}
