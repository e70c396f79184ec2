//! Results of other tools and lines of exported runs: no panic, whatever the bytes; what was read can be stored, and reading
//! it again gives the same run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tachy_store::import::{self, CriterionFiles};
use tachy_store::json_lines::{self, Record};

fuzz_target!(|content: &[u8]| {
    if let Ok(run) = import::parse(content, 7) {
        assert_eq!(run.check(), Ok(()));
        assert_eq!(import::parse(content, 7).as_ref(), Ok(&run));
        let mut line = Vec::new();
        json_lines::write(&mut line, &Record::Run(Box::new(run.clone()))).unwrap();
        let read: Vec<_> = json_lines::read(&line[..]).map(|record| record.unwrap()).collect();
        assert_eq!(read, [Record::Run(Box::new(run))]);
    }
    for record in json_lines::read(content) {
        let _ = record;
    }
    // Criterion writes several files; they stand behind each other here.
    let mut parts = content.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let files = CriterionFiles {
        benchmark: parts.next().unwrap_or_default(),
        sample: parts.next(),
        estimates: parts.next(),
        modified: 7,
    };
    if let Ok(run) = import::criterion(&[files]) {
        assert_eq!(run.check(), Ok(()));
    }
});
