//! How much processor time the local folder takes for a gigabyte written, and for one read back from the system's memory.
//!
//! `cargo run --release -p epic-blob-object-store --example local_throughput -- <folder>`

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it is there to print how long things take"
)]

use bytes::Bytes;
use epic_blob_object_store::LocalBlobs;
use epic_domain::file::Progress;
use epic_domain::id::BlobId;
use epic_outbound::blobs::Blobs;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const BLOB_BYTES: u64 = 1_024 * 1_024 * 1_024;
/// About what a body's frame brings.
const FRAME_BYTES: u64 = 64 * 1_024;
const READS: u32 = 5;

/// The processor time that this process has taken, in user and kernel mode.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Fields 14 and 15, counted from the one after the name, in hundredths of a second.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks.saturating_mul(10)))
}

async fn write(blobs: &LocalBlobs, blob_id: BlobId) -> Result<(), Box<dyn Error>> {
    let mut writer = blobs.write(blob_id, &Progress::none()).await?;
    let frame = Bytes::from(vec![7; usize::try_from(FRAME_BYTES)?]);
    for _ in 0..BLOB_BYTES / FRAME_BYTES {
        writer.append(frame.clone()).await?;
    }
    let stage = writer.persist().await?;
    let progress = Progress { offset_bytes: BLOB_BYTES, stage, ..Progress::none() };
    Ok(blobs.publish(blob_id, &progress).await?)
}

async fn read(blobs: &LocalBlobs, blob_id: BlobId) -> Result<(), Box<dyn Error>> {
    let mut reader = blobs.read(blob_id, 0..BLOB_BYTES).await?;
    let mut left_bytes = BLOB_BYTES;
    while let Some(piece) = reader.next().await? {
        left_bytes = left_bytes.saturating_sub(u64::try_from(piece.len())?);
    }
    if left_bytes == 0 { Ok(()) } else { Err("less came than was written".into()) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("name a folder")?;
    let blobs = LocalBlobs::open(&folder)?;
    let blob_id = BlobId::from_randomness([7; 16]);
    let (start, processor) = (Instant::now(), processor_time()?);
    write(&blobs, blob_id).await?;
    println!("write: {:?} of processor time, {:?} in all", processor_time()? - processor, start.elapsed());
    for _ in 0..READS {
        let (start, processor) = (Instant::now(), processor_time()?);
        read(&blobs, blob_id).await?;
        println!("read: {:?} of processor time, {:?} in all", processor_time()? - processor, start.elapsed());
    }
    Ok(blobs.remove(blob_id, &Progress::none().stage).await?)
}
