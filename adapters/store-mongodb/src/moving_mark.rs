//! The mark of a store that others are moving into.

use crate::documents::moving_mark::{MovingMarkDocument, the_mark};
use crate::errors::Failure;
use crate::moving_export::page;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Kind, Mark, Progress, Record};
use epic_outbound::moving::MoveBeginning;
use mongodb::Collection;

fn marks(shared: &Shared) -> Collection<MovingMarkDocument> {
    shared.collections.format.clone_with_type()
}

pub(crate) async fn find(shared: &Shared) -> Result<Option<Mark>, Failure> {
    marks(shared).find_one(the_mark()).await?.map(|found| found.decode()).transpose()
}

pub(crate) async fn begin(shared: &Shared, source: Anchor, now: Timestamp) -> Result<MoveBeginning, Failure> {
    if let Some(mark) = find(shared).await? {
        return Ok(if mark.source == source {
            MoveBeginning::Begun(mark)
        } else {
            MoveBeginning::OtherSource
        });
    }
    if !is_empty(shared).await? {
        return Ok(MoveBeginning::Occupied);
    }
    let mark = Mark { source, began_at: now, progress: None };
    // Of two who begin at once one is refused here, by the key of the document.
    marks(shared).insert_one(MovingMarkDocument::encode(&mark)?).await?;
    Ok(MoveBeginning::Begun(mark))
}

pub(crate) async fn note(shared: &Shared, progress: Progress) -> Result<(), Failure> {
    let mark = find(shared).await?.ok_or(Failure::Damaged("mark"))?;
    let noted = MovingMarkDocument::encode(&Mark { progress: Some(progress), ..mark })?;
    marks(shared).replace_one(the_mark(), noted).await?;
    Ok(())
}

pub(crate) async fn take_away(shared: &Shared) -> Result<(), Failure> {
    marks(shared).delete_one(the_mark()).await?;
    Ok(())
}

async fn is_empty(shared: &Shared) -> Result<bool, Failure> {
    for kind in Kind::ALL {
        match page(shared, *kind, None, 1).await?.first() {
            None => {}
            Some(Record::Anchor(anchor)) if *anchor == Anchor::empty() => {}
            Some(_) => return Ok(false),
        }
    }
    Ok(true)
}
