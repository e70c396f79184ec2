// Managed memory of NVIDIA's driver moves to where it is touched, page by page; here it moves at once.

#pragma once

#include <cstddef>

namespace tachy {

enum class Side { host, device };

// Moves the pages of an array to the host or to the GPU, and returns when they are there. Does nothing where there is no such
// memory: it only makes the next access quicker.
void move(const void* data, size_t size, Side side);

}
