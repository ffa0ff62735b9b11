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
    Arena() = default;
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

    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::byte* next_ = nullptr;
    std::size_t left_ = 0;
    std::size_t block_bytes_ = 2048;
};

/// A stack of values under construction. A list being read pushes its items; when it is complete
/// they move to the arena in one piece. Nested lists use the same stack above their own mark.
template <class T>
class Scratch {
public:
    [[nodiscard]] std::size_t mark() const { return items_.size(); }
    void push(const T& item) { items_.push_back(item); }
    [[nodiscard]] std::size_t count_since(std::size_t mark) const { return items_.size() - mark; }
    [[nodiscard]] T& last() { return items_.back(); }

    std::span<const T> finish(std::size_t mark, Arena& arena) {
        std::span<const T> kept =
            arena.copy(std::span<const T>(items_.data() + mark, items_.size() - mark));
        items_.resize(mark);
        return kept;
    }

private:
    std::vector<T> items_;
};

}  // namespace countersign::shell
