//! From a graph to steps: a routine for every node, a buffer and a layout for every value.

use tachy_graph::cost::Cost;
use tachy_graph::{Graph, Node, Operator, Source, Tensor, TensorType, ValueId};
use tachy_kernels::lanes::Isa;
use tachy_runtime::{Error, Result};

use super::buffer::{Buffer, BufferId, Home};
use super::layout::{self, Image, Layout};
use super::pieces::{self, Piece};
use super::routine::Routine;
use crate::backend::NAME;
use crate::routines;

/// One step of a program.
pub(crate) struct Step {
    /// The node's name; several steps may come from one node.
    pub(crate) node: String,
    /// The operator's name.
    pub(crate) operator: &'static str,
    /// The arithmetic and the memory traffic; nothing for all but the first of several steps of one node.
    pub(crate) cost: Cost,
    pub(crate) routine: Box<dyn Routine>,
    /// What it reads, then what it writes; an input that is left out is `None`.
    pub(crate) operands: Vec<Option<BufferId>>,
}

/// A program in the making.
pub(crate) struct Lowering<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) isa: Isa,
    pub(crate) threads: usize,
    buffers: Vec<Buffer>,
    steps: Vec<Step>,
    /// Which values are computed with their channels innermost.
    last: Vec<bool>,
    pieces: Vec<Option<Piece>>,
    row_major: Vec<Option<BufferId>>,
    channels_last: Vec<Option<BufferId>>,
}

/// The steps and buffers of a graph.
pub(crate) struct Lowered {
    pub(crate) steps: Vec<Step>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) inputs: Vec<BufferId>,
    pub(crate) outputs: Vec<BufferId>,
}

impl<'g> Lowering<'g> {
    /// Lowers the whole graph; `plain` takes the row-major kernel that is right before it is fast for every node.
    ///
    /// # Errors
    /// If there is no kernel for a node.
    pub(crate) fn run(graph: &'g Graph, threads: usize, plain: bool) -> Result<Lowered> {
        let count = graph.values().len();
        let last = if plain { vec![false; count] } else { layout::assign(graph) };
        let pieces = pieces::place(graph, &last);
        let mut lowering = Self {
            graph,
            isa: Isa::best(),
            threads,
            buffers: Vec::new(),
            steps: Vec::new(),
            last,
            pieces,
            row_major: vec![None; count],
            channels_last: vec![None; count],
        };
        let mut inputs = Vec::new();
        for id in graph.inputs() {
            let home = Home::Arena { persistent: true, part_of: None, in_place_of: None };
            let ty = graph.value(*id).ty.clone();
            let buffer = lowering.add(Buffer { ty, layout: Layout::RowMajor, home });
            lowering.row_major[id.index()] = Some(buffer);
            inputs.push(buffer);
        }
        for node in graph.nodes() {
            if plain || !routines::lower(&mut lowering, node)? {
                lowering.plain(node)?;
            }
        }
        let mut outputs = Vec::new();
        for id in graph.outputs() {
            outputs.push(lowering.read_row_major(*id));
        }
        let Self { steps, buffers, .. } = lowering;
        Ok(Lowered { steps, buffers, inputs, outputs })
    }

    /// A step by the kernel that takes row-major views.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn plain(&mut self, node: &Node) -> Result<()> {
        let routine = routines::plain(self.graph, node).map_err(|unsupported| {
            Error::UnsupportedOperator {
                backend: NAME,
                operator: node.op.name().to_owned(),
                node: node.name.clone(),
                detail: unsupported.0,
            }
        })?;
        let inputs: Vec<_> =
            node.inputs.iter().map(|id| id.map(|id| self.read_row_major(id))).collect();
        let outputs: Vec<_> = node.outputs.iter().map(|id| self.write_row_major(*id)).collect();
        self.step(node, Box::new(routine), inputs, outputs);
        Ok(())
    }

    pub(crate) fn ty(&self, id: ValueId) -> &'g TensorType {
        &self.graph.value(id).ty
    }

    pub(crate) fn constant(&self, id: ValueId) -> Option<&'g Tensor> {
        self.graph.value(id).constant()
    }

    /// Whether a value is computed with its channels innermost.
    pub(crate) fn is_channels_last(&self, id: ValueId) -> bool {
        self.last[id.index()]
    }

    /// Elements from one pixel of a buffer to the next.
    ///
    /// # Panics
    /// If its channels are not innermost.
    pub(crate) fn pitch(&self, buffer: BufferId) -> usize {
        match self.buffers[buffer.0].layout {
            Layout::ChannelsLast { pitch } => pitch,
            Layout::RowMajor => unreachable!("the buffer's channels are innermost"),
        }
    }

    pub(crate) fn step(
        &mut self,
        node: &Node,
        routine: Box<dyn Routine>,
        inputs: Vec<Option<BufferId>>,
        outputs: Vec<BufferId>,
    ) {
        let operands = inputs.into_iter().chain(outputs.into_iter().map(Some)).collect();
        let repeated = self.steps.last().is_some_and(|step| step.node == node.name);
        let cost = if repeated { Cost::default() } else { self.graph.cost(node) };
        self.steps.push(Step {
            node: node.name.clone(),
            operator: node.op.name(),
            cost,
            routine,
            operands,
        });
    }

    /// The last step reads so many bytes less than its node's operands have.
    pub(crate) fn reads_less(&mut self, bytes: usize) {
        if let Some(step) = self.steps.last_mut() {
            step.cost.bytes_read = (step.cost.bytes_read - bytes as f64).max(0.0);
        }
    }

    /// The last step may write its output where it reads this buffer.
    pub(crate) fn may_take_over(&mut self, output: BufferId, source: BufferId) {
        let same = |a: &Buffer, b: &Buffer| a.layout == b.layout && a.bytes() == b.bytes();
        if !same(&self.buffers[output.0], &self.buffers[source.0]) {
            return;
        }
        if let Home::Arena { in_place_of, part_of: None, .. } = &mut self.buffers[output.0].home {
            *in_place_of = Some(source);
        }
    }

    fn add(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() - 1)
    }

    /// The same bytes as a value of another type.
    pub(crate) fn view(&mut self, of: BufferId, ty: TensorType, layout: Layout) -> BufferId {
        let home = match &self.buffers[of.0].home {
            Home::Constant(tensor) => Home::Constant(tensor.clone()),
            Home::Arena { .. } => {
                Home::Arena { persistent: false, part_of: Some((of, 0)), in_place_of: None }
            }
        };
        self.add(Buffer { ty, layout, home })
    }

    /// Makes a row-major value a view of another buffer, whose bytes are its own.
    pub(crate) fn set_row_major(&mut self, id: ValueId, of: BufferId) {
        let view = self.view(of, self.ty(id).clone(), Layout::RowMajor);
        self.row_major[id.index()] = Some(view);
    }

    /// Whether a buffer is the part of another one that begins at this channel.
    pub(crate) fn lies_at(&self, piece: BufferId, whole: BufferId, channel: usize) -> bool {
        self.root(piece) == {
            let (root, offset) = self.root(whole);
            (root, offset + channel * self.buffers[whole.0].ty.dtype.size())
        } && self.buffers[piece.0].layout == self.buffers[whole.0].layout
    }

    /// The buffer that a buffer is part of at last, and from which byte on.
    fn root(&self, mut id: BufferId) -> (BufferId, usize) {
        let mut offset = 0;
        while let Home::Arena { part_of: Some((whole, start)), .. } = self.buffers[id.0].home {
            id = whole;
            offset += start;
        }
        (id, offset)
    }

    /// A buffer for a row-major value.
    pub(crate) fn write_row_major(&mut self, id: ValueId) -> BufferId {
        let home = Home::Arena { persistent: false, part_of: None, in_place_of: None };
        let ty = self.ty(id).clone();
        let buffer = self.add(Buffer { ty, layout: Layout::RowMajor, home });
        self.row_major[id.index()] = Some(buffer);
        buffer
    }

    /// A buffer for a value whose channels are innermost: inside the concatenation that it is a piece of, if it is.
    pub(crate) fn write_channels_last(&mut self, id: ValueId) -> BufferId {
        if let Some(buffer) = self.channels_last[id.index()] {
            return buffer;
        }
        let ty = self.ty(id).clone();
        let buffer = match self.pieces[id.index()] {
            Some(Piece { whole, channel }) => {
                let whole = self.write_channels_last(whole);
                let layout = self.buffers[whole.0].layout;
                let part_of = Some((whole, channel * ty.dtype.size()));
                let home = Home::Arena { persistent: false, part_of, in_place_of: None };
                self.add(Buffer { ty, layout, home })
            }
            None => {
                let image = Image::of(&ty).expect("only images have their channels innermost");
                let layout = Layout::ChannelsLast { pitch: pitch(image) };
                let home = Home::Arena { persistent: false, part_of: None, in_place_of: None };
                self.add(Buffer { ty, layout, home })
            }
        };
        self.channels_last[id.index()] = Some(buffer);
        buffer
    }

    /// A value to be read row-major; it is converted if it is not.
    pub(crate) fn read_row_major(&mut self, id: ValueId) -> BufferId {
        if let Some(buffer) = self.row_major[id.index()] {
            return buffer;
        }
        let value = self.graph.value(id);
        let buffer = match &value.source {
            Source::Constant(tensor) => {
                let home = Home::Constant(tensor.clone());
                self.add(Buffer { ty: value.ty.clone(), layout: Layout::RowMajor, home })
            }
            _ => {
                let from = self.channels_last[id.index()].expect("what is read was written");
                let image =
                    Image::of(&value.ty).expect("only images have their channels innermost");
                if is_same(image, self.pitch(from)) {
                    self.view(from, value.ty.clone(), Layout::RowMajor)
                } else {
                    let home = Home::Arena { persistent: false, part_of: None, in_place_of: None };
                    let to = Buffer { ty: value.ty.clone(), layout: Layout::RowMajor, home };
                    let to = self.add(to);
                    let routine = routines::to_row_major(self.isa, image, self.pitch(from));
                    self.conversion(id, Box::new(routine), from, to);
                    to
                }
            }
        };
        self.row_major[id.index()] = Some(buffer);
        buffer
    }

    /// A value to be read with its channels innermost; it is converted if they are not.
    pub(crate) fn read_channels_last(&mut self, id: ValueId) -> BufferId {
        if let Some(buffer) = self.channels_last[id.index()] {
            return buffer;
        }
        let from = self.read_row_major(id);
        let ty = self.ty(id);
        let image = Image::of(ty).expect("only images have their channels innermost");
        let buffer = if is_same(image, image.channels) {
            let layout = Layout::ChannelsLast { pitch: image.channels };
            self.view(from, ty.clone(), layout)
        } else {
            let layout = Layout::ChannelsLast { pitch: pitch(image) };
            let home = Home::Arena { persistent: false, part_of: None, in_place_of: None };
            let to = self.add(Buffer { ty: ty.clone(), layout, home });
            let routine = routines::to_channels_last(self.isa, image, pitch(image));
            self.conversion(id, Box::new(routine), from, to);
            to
        };
        self.channels_last[id.index()] = Some(buffer);
        buffer
    }

    fn conversion(&mut self, id: ValueId, routine: Box<dyn Routine>, from: BufferId, to: BufferId) {
        let bytes = self.buffers[to.0].ty.shape.iter().product::<usize>() as f64 * 4.0;
        self.steps.push(Step {
            node: self.graph.value(id).name.clone(),
            operator: "Layout",
            cost: Cost { flops: 0.0, bytes_read: bytes, bytes_written: bytes },
            routine,
            operands: vec![Some(from), Some(to)],
        });
    }
}

/// Whether both layouts are the same bytes.
fn is_same(image: Image, pitch: usize) -> bool {
    pitch == image.channels && (image.pixels() == 1 || image.channels == 1)
}

/// Elements from one pixel to the next: a few more than the channels where pixels would otherwise push one another
/// out of the cache.
fn pitch(image: Image) -> usize {
    match image.channels.is_multiple_of(512) && image.pixels() > 1 {
        true => image.channels + 16,
        false => image.channels,
    }
}
