//! The sizes of a convolution.

/// Images in memory, channels innermost: pixel (n, y, x) begins at `(n · height + y) · line + x · pitch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Images {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// Elements from one pixel to the next.
    pub pitch: usize,
    /// Elements from one row of pixels to the next.
    pub line: usize,
}

impl Images {
    /// Images whose rows follow one another without a gap.
    pub fn dense(height: usize, width: usize, channels: usize, pitch: usize) -> Self {
        Self { height, width, channels, pitch, line: width * pitch }
    }

    /// Whether rows follow one another without a gap.
    pub fn is_dense(self) -> bool {
        self.line == self.width * self.pitch
    }

    /// Pixels of one image.
    pub fn pixels(self) -> usize {
        self.height * self.width
    }
}

/// A convolution over two dimensions; one over a single dimension has height 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// The number of images.
    pub batch: usize,
    /// The input.
    pub input: Images,
    /// The output.
    pub output: Images,
    /// Height and width of the filter.
    pub kernel: [usize; 2],
    /// Steps between output pixels, in input pixels.
    pub stride: [usize; 2],
    /// Steps between the filter's elements, in input pixels.
    pub dilation: [usize; 2],
    /// Zeros above and to the left of the input; below and to the right, as many as the output needs.
    pub padding: [usize; 2],
    /// Groups of channels that do not meet.
    pub groups: usize,
}

impl Geometry {
    /// Input channels of one group.
    pub fn group_inputs(&self) -> usize {
        self.input.channels / self.groups
    }

    /// Output channels of one group.
    pub fn group_outputs(&self) -> usize {
        self.output.channels / self.groups
    }

    /// Whether every channel is filtered by itself.
    pub fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.channels && self.groups == self.output.channels
    }

    /// Height and width that the input must have with its zeros around.
    pub(crate) fn padded(&self) -> [usize; 2] {
        let size = |axis: usize, output: usize| {
            (output - 1) * self.stride[axis] + (self.kernel[axis] - 1) * self.dilation[axis] + 1
        };
        [size(0, self.output.height), size(1, self.output.width)]
    }

    /// Whether the filter never leaves the input.
    pub(crate) fn stays_inside(&self) -> bool {
        let [height, width] = self.padded();
        self.padding == [0, 0] && height <= self.input.height && width <= self.input.width
    }
}
