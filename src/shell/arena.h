// Memory for one syntax tree: everything is handed out from growing blocks and freed at once with
// the arena. Holds trivially destructible values only, since no destructor is ever run.
//
// Not thread safe; one arena belongs to one parse.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace countersign::shell {

class Arena {
public:
    Arena() {}  // leaves the first block as it is; "= default" would let it be zeroed
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// A value that lives as long as the arena.
    template <class T, class... Arguments>
    T* make(Arguments&&... arguments) {
        static_assert(std::is_trivially_destructible_v<T>);
        return ::new (take(sizeof(T), alignof(T))) T{std::forward<Arguments>(arguments)...};
    }

    /// A copy of `items`; empty stays empty without memory.
    template <class T>
    std::span<const T> copy(std::span<const T> items) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (items.empty()) {
            return {};
        }
        void* place = take(items.size_bytes(), alignof(T));
        std::memcpy(place, items.data(), items.size_bytes());
        return {static_cast<const T*>(place), items.size()};
    }

    std::string_view copy(std::string_view text) {
        if (text.empty()) {
            return {};
        }
        void* place = take(text.size(), 1);
        std::memcpy(place, text.data(), text.size());
        return {static_cast<const char*>(place), text.size()};
    }

private:
    void* take(std::size_t bytes, std::size_t alignment);

    static constexpr std::size_t kFirstBytes = 4096;  // enough for the tree of most texts

    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    alignas(std::max_align_t) std::byte first_[kFirstBytes];
    std::byte* next_ = first_;
    std::size_t left_ = kFirstBytes;
    std::size_t block_bytes_ = 2 * kFirstBytes;
};

/// A stack of values under construction. A list being read pushes its items; when it is complete
/// they move to the arena in one piece. Nested lists use the same stack above their own mark.
template <class T>
class Scratch {
public:
    Scratch() {}  // leaves first_ as it is
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] std::size_t mark() const { return size_; }
    void push(const T& item) {
        if (size_ == capacity_) {
            grow();
        }
        ::new (items_ + size_ * sizeof(T)) T(item);
        ++size_;
    }
    [[nodiscard]] std::size_t count_since(std::size_t mark) const { return size_ - mark; }

    std::span<const T> finish(std::size_t mark, Arena& arena) {
        const T* first = std::launder(reinterpret_cast<const T*>(items_)) + mark;
        const std::span<const T> kept = arena.copy(std::span<const T>(first, size_ - mark));
        size_ = mark;
        return kept;
    }

private:
    static_assert(std::is_trivially_copyable_v<T>);
    static constexpr std::size_t kFirst = 12;

    void grow() {
        auto more = std::make_unique_for_overwrite<std::byte[]>(2 * capacity_ * sizeof(T));
        std::memcpy(more.get(), items_, size_ * sizeof(T));
        more_ = std::move(more);
        items_ = more_.get();
        capacity_ *= 2;
    }

    alignas(T) std::byte first_[kFirst * sizeof(T)];
    std::unique_ptr<std::byte[]> more_;
    std::byte* items_ = first_;
    std::size_t size_ = 0;
    std::size_t capacity_ = kFirst;
};

}  // namespace countersign::shell
