//! Execution providers: ONNX Runtime's devices.

use std::num::NonZeroUsize;

use ort::ep::{CUDA, CoreML, DirectML, ExecutionProvider, TensorRT, XNNPACK};
use ort::memory::AllocationDevice;
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use tachy_runtime::Availability;

use crate::library::Loaded;

/// One execution provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Cpu,
    Cuda,
    TensorRt,
    CoreMl,
    DirectMl,
    Xnnpack,
}

impl Provider {
    pub(crate) const ALL: [Self; 6] =
        [Self::Cpu, Self::Cuda, Self::TensorRt, Self::CoreMl, Self::DirectMl, Self::Xnnpack];

    /// The device's name after `ort:`.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::CoreMl => "coreml",
            Self::DirectMl => "directml",
            Self::Xnnpack => "xnnpack",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Cuda => "CUDA",
            Self::TensorRt => "TensorRT",
            Self::CoreMl => "Core ML",
            Self::DirectMl => "DirectML",
            Self::Xnnpack => "XNNPACK",
        }
    }

    /// Whether the device is listed even where the library was built without it.
    pub(crate) fn is_listed_when_absent(self) -> bool {
        !matches!(self, Self::TensorRt | Self::DirectMl)
    }

    /// Whether the library was built with the provider, and the provider can be started.
    pub(crate) fn availability(self, library: &Loaded) -> Availability {
        let built = match self {
            Self::Cpu => Ok(true),
            Self::Cuda => CUDA::is_available(),
            Self::TensorRt => TensorRT::is_available(),
            Self::CoreMl => CoreML::is_available(),
            Self::DirectMl => DirectML::is_available(),
            Self::Xnnpack => XNNPACK::is_available(),
        };
        let reason = match built {
            Ok(true) => {
                // A provider may have been built in and yet lack a driver or a library of its own.
                let registered = Session::builder(&library.environment)
                    .and_then(|mut builder| self.register(&mut builder, NonZeroUsize::MIN));
                match registered {
                    Ok(()) => return Availability::Available,
                    Err(error) => format!(
                        "ONNX Runtime has the execution provider for {} but could not start it: {error}.",
                        self.label()
                    ),
                }
            }
            Ok(false) => format!(
                "The ONNX Runtime {} at {} was built without the execution provider for {}.",
                library.version,
                library.path.display(),
                self.label()
            ),
            Err(error) => format!("ONNX Runtime does not say what it was built with: {error}."),
        };
        Availability::Absent { reason, remedy: self.remedy().to_owned() }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Cpu => "Reinstall it with `pip install --force-reinstall onnxruntime`.",
            Self::Cuda => {
                "On a machine with an NVIDIA GPU, run `pip install onnxruntime-gpu[cuda,cudnn]`, or set \
                 ORT_DYLIB_PATH to a build with CUDA."
            }
            Self::TensorRt => {
                "On a machine with an NVIDIA GPU, install TensorRT and set ORT_DYLIB_PATH to a build with it."
            }
            Self::CoreMl => {
                "On an Apple machine, run `pip install onnxruntime`, whose build has Core ML."
            }
            Self::DirectMl => "On Windows, run `pip install onnxruntime-directml`.",
            Self::Xnnpack => "Set ORT_DYLIB_PATH to a build made with `--use_xnnpack`.",
        }
    }

    /// Registers the provider with a session; nodes that it does not take fall to the CPU's.
    pub(crate) fn register(
        self,
        session: &mut SessionBuilder,
        threads: NonZeroUsize,
    ) -> ort::Result<()> {
        match self {
            Self::Cpu => Ok(()),
            // TF32 cuts the products' mantissas to 10 bits, which is not f32.
            Self::Cuda => CUDA::default().with_tf32(false).register(session),
            Self::TensorRt => TensorRT::default().register(session),
            Self::CoreMl => CoreML::default().register(session),
            Self::DirectMl => DirectML::default().register(session),
            Self::Xnnpack => {
                XNNPACK::default().with_intra_op_num_threads(threads).register(session)
            }
        }
    }

    /// The memory that its arenas are in, and what their figures are called; `None` if it has none that tell figures.
    pub(crate) fn arena(self) -> Option<(AllocationDevice<'static>, &'static str)> {
        match self {
            Self::Cpu => Some((AllocationDevice::CPU, "ONNX Runtime's arena, for this session")),
            Self::Cuda => {
                Some((AllocationDevice::CUDA, "ONNX Runtime's arena on the GPU, for this session"))
            }
            Self::TensorRt | Self::CoreMl | Self::DirectMl | Self::Xnnpack => None,
        }
    }

    /// The memory in which outputs stay after a run; `None` for the host's.
    pub(crate) fn output_memory(self) -> Option<AllocationDevice<'static>> {
        (self == Self::Cuda).then_some(AllocationDevice::CUDA)
    }
}
