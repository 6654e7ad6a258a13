//! One arm, which the environment names, as the benchmark `arm`; all options are criterion's own.

use criterion::Criterion;
use std::alloc::{alloc_zeroed, Layout};
use std::env::var;
use std::time::{Duration, SystemTime};

const PLACED_BYTES: usize = 65536;
const PAGE: usize = 4096;

extern "C" {
    fn fill(buffer: *mut u8, bytes: i64);
    fn chain(buffer: *const u8, rows: i64) -> u64;
    fn stream(buffer: *const u8, rows: i64) -> u64;
    fn spin(buffer: *const u8, rows: i64) -> u64;
    fn placed(buffer: *const u8, own: *mut u8, rows: i64) -> u64;
}

fn number(name: &str) -> usize {
    var(name).expect(name).parse().expect(name)
}

fn milliseconds(name: &str) -> Duration {
    Duration::from_millis(number(name) as u64)
}

fn pages(bytes: usize) -> *mut u8 {
    unsafe { alloc_zeroed(Layout::from_size_align(bytes, PAGE).unwrap()) }
}

fn main() {
    let (rows, bytes) = (number("ROWS") as i64, number("BYTES"));
    let buffer = pages(bytes);
    unsafe { fill(buffer, bytes as i64) };
    let nanos = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() as usize;
    let own = unsafe { pages(PLACED_BYTES + PAGE).add(nanos / 64 * 16 % PAGE) }; // another place in every process
    let kernel = var("KERNEL").expect("KERNEL");
    let mut criterion = Criterion::default()
        .warm_up_time(milliseconds("WARM_UP_MS"))
        .measurement_time(milliseconds("MEASURE_MS"))
        .configure_from_args();
    criterion.bench_function("arm", |bencher| match kernel.as_str() {
        "chain" => bencher.iter(|| unsafe { chain(buffer, rows) }),
        "stream" => bencher.iter(|| unsafe { stream(buffer, rows) }),
        "spin" => bencher.iter(|| unsafe { spin(buffer, rows) }),
        "placed" => bencher.iter(|| unsafe { placed(buffer, own, rows) }),
        other => panic!("no kernel {other}"),
    });
}
