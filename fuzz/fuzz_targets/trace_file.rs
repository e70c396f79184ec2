//! Trace files: no panic, whatever their parts hold; what was read can be written, read again, and analysed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tachy_profile::analysis::{bottlenecks, hotspots};
use tachy_profile::trace::Trace;

fuzz_target!(|parts: &[u8]| {
    let _ = Trace::read(parts);
    let Ok(trace) = Trace::read(&framed(parts)[..]) else { return };
    let mut written = Vec::new();
    trace.write(&mut written).unwrap();
    let mut again = Vec::new();
    // Not the traces themselves: a number that is none is unlike itself.
    Trace::read(&written[..]).unwrap().write(&mut again).unwrap();
    assert_eq!(written, again);
    bottlenecks(&hotspots(&trace));
});

/// A file with these parts, each of its kind, its length and its content. No fuzzer guesses the checksums.
fn framed(mut parts: &[u8]) -> Vec<u8> {
    let mut file = b"tachytrc\x01\0\0\0".to_vec();
    while let [kind, length, rest @ ..] = parts {
        let length = usize::from(*length).min(rest.len());
        let (content, rest) = rest.split_at(length);
        let length = (length as u32).to_le_bytes();
        let mut checksum = crc32fast::Hasher::new();
        [&[*kind], &length[..], content].into_iter().for_each(|bytes| checksum.update(bytes));
        file.push(*kind);
        file.extend(length);
        file.extend(checksum.finalize().to_le_bytes());
        file.extend(content);
        parts = rest;
    }
    file
}
