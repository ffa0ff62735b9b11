#include "shell/arena.h"

#include <algorithm>

namespace countersign::shell {

namespace {

constexpr std::size_t kBlockBytesMax = 256 * 1024;

}  // namespace

void* Arena::take(std::size_t bytes, std::size_t alignment) {
    const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(next_) % alignment;
    const std::size_t padding = misaligned == 0 ? 0 : alignment - misaligned;
    if (bytes + padding > left_) {
        const std::size_t size = std::max(block_bytes_, bytes);
        blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
        next_ = blocks_.back().get();
        left_ = size;
        block_bytes_ = std::min(block_bytes_ * 2, kBlockBytesMax);
    } else {
        next_ += padding;
        left_ -= padding;
    }
    void* place = next_;
    next_ += bytes;
    left_ -= bytes;
    return place;
}

}  // namespace countersign::shell
