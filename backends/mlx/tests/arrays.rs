//! Arrays, functions and memory: what does not go by way of a graph.

mod support;

use tachy_graph::{DType, GraphBuilder, Tensor};
use tachy_mlx::{
    Array, Element, Function, MlxBackend, Quantization, QuantizationMode, Stream, Unit, memory,
};
use tachy_runtime::{Backend, CompileOptions, Device, Error};

/// The units that can be used here.
fn units() -> Vec<Unit> {
    let unit = |device: Device| match device.unit() {
        Some("gpu") => Unit::Gpu,
        _ => Unit::Cpu,
    };
    support::devices().into_iter().map(unit).collect()
}

fn matrix(rows: usize, columns: usize) -> Tensor {
    let numbers: Vec<f32> =
        (0..rows * columns).map(|place| ((place * 31) % 61) as f32 / 30.0 - 1.0).collect();
    Tensor::new(&[rows, columns], &numbers).unwrap()
}

#[test]
fn quantised_products_are_near_the_whole_ones() {
    for unit in units() {
        let s = Stream::new(unit).unwrap();
        let x = s.upload(&matrix(4, 128)).unwrap();
        let w = s.upload(&matrix(64, 128)).unwrap();
        let exact = s.matmul(&x, &s.transpose(&w, &[1, 0]).unwrap()).unwrap();
        let exact = s.download(&exact).unwrap();
        let affine = [2, 3, 4, 5, 6, 8]
            .map(|bits| (Quantization::affine(bits, 64), 1.0 / f32::powi(2.0, bits as i32 - 1)));
        let floats = [
            (Quantization::of(QuantizationMode::Mxfp4), 0.25),
            (Quantization::of(QuantizationMode::Mxfp8), 0.06),
            (Quantization::of(QuantizationMode::Nvfp4), 0.25),
        ];
        for (quantization, tolerance) in affine.into_iter().chain(floats) {
            let quantized = s.quantize(&w, quantization).unwrap();
            let product = s.quantized_matmul(&x, &quantized, true).unwrap();
            let product = s.download(&product).unwrap();
            let restored = s.dequantize(&quantized, Element::F32).unwrap();
            let by_way_of = s.matmul(&x, &s.transpose(&restored, &[1, 0]).unwrap()).unwrap();
            let by_way_of = s.download(&by_way_of).unwrap();
            let apart = |a: &Tensor, b: &Tensor| {
                let (a, b) = (a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
                let difference: f32 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                (difference / b.iter().map(|b| b.powi(2)).sum::<f32>()).sqrt()
            };
            assert!(apart(&product, &exact) < tolerance, "{unit:?} {quantization:?}");
            assert!(apart(&product, &by_way_of) < 1e-2, "{unit:?} {quantization:?}");
        }
    }
}

#[test]
fn what_a_builder_cannot_do_is_an_error() {
    for unit in units() {
        let s = Stream::new(unit).unwrap();
        let x = s.upload(&matrix(2, 2)).unwrap();
        let mut failing = Function::new(unit, 1, |_: &[Array]| {
            Err(Error::OutOfOrder("the builder does not want to"))
        })
        .unwrap();
        let error = failing.call(std::slice::from_ref(&x)).unwrap_err().to_string();
        assert!(error.contains("does not want to"), "{error}");
        let mut panicking =
            Function::new(unit, 1, |_: &[Array]| panic!("the builder fell over")).unwrap();
        let error = panicking.call(std::slice::from_ref(&x)).unwrap_err().to_string();
        assert!(error.contains("fell over"), "{error}");
        // And the process is as it was.
        let sum = s.download(&s.add(&x, &x).unwrap()).unwrap();
        assert_eq!(sum.as_slice::<f32>().unwrap()[0], -2.0);
    }
}

#[test]
fn impossible_sizes_are_errors() {
    for unit in units() {
        let s = Stream::new(unit).unwrap();
        let huge = 1usize << 30;
        assert!(s.full(&[huge, huge], 0.0, Element::F32).is_err());
        assert!(s.full(&[huge, huge, huge], 0.0, Element::F32).is_err());
        assert!(s.full(&[1 << 31], 0.0, Element::Bool).is_err());
    }
    for device in support::devices() {
        let mut builder = GraphBuilder::new("huge");
        let x = builder.input("x", DType::F32, [1 << 20, 1 << 20]);
        let y = builder.relu(x).unwrap();
        builder.output(y, "y").unwrap();
        let graph = builder.build().unwrap();
        let error = MlxBackend.compile(&graph, &device, &CompileOptions::default()).err().unwrap();
        assert!(error.to_string().contains("memory limit"), "{error}");
    }
}

#[test]
fn executables_move_between_threads() {
    for device in support::devices() {
        let graph = || {
            let mut builder = GraphBuilder::new("sum");
            let x = builder.input("x", DType::F32, [64]);
            let y = builder.add(x, x).unwrap();
            let y = builder.relu(y).unwrap();
            builder.output(y, "y").unwrap();
            builder.build().unwrap()
        };
        let x = Tensor::new(&[64], &[1.5f32; 64]).unwrap();
        let mut executable =
            MlxBackend.compile(&graph(), &device, &CompileOptions::default()).unwrap();
        // One after the other: each thread must find the function anew.
        for _ in 0..3 {
            let x = x.clone();
            executable = std::thread::spawn(move || {
                let y = executable.call(&[x]).unwrap();
                assert_eq!(y[0].as_slice::<f32>().unwrap(), [3.0; 64]);
                executable
            })
            .join()
            .unwrap();
        }
        // And several at once.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let options = CompileOptions::default();
                    let mut own = MlxBackend.compile(&graph(), &device, &options).unwrap();
                    for _ in 0..50 {
                        let y = own.call(std::slice::from_ref(&x)).unwrap();
                        assert_eq!(y[0].as_slice::<f32>().unwrap(), [3.0; 64]);
                    }
                });
            }
        });
    }
}

#[test]
fn memory_is_counted() {
    for unit in units() {
        let s = Stream::new(unit).unwrap();
        let kept = s.upload(&Tensor::zeros(DType::F32, &[1 << 20]).unwrap()).unwrap();
        let figures = memory::figures().unwrap();
        assert!(figures.active >= 4 << 20 && figures.peak >= figures.active, "{figures:?}");
        let former = memory::set_cache_limit(1 << 20).unwrap();
        assert_eq!(memory::set_cache_limit(former).unwrap(), 1 << 20);
        memory::clear_cache().unwrap();
        drop(kept);
    }
}
