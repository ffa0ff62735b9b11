// The one way in which an enum of the model gets its spelling: a constexpr table from enumerator to
// name. Printing, parsing, help texts and tests derive from the table.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace countersign::model {

template <class E, std::size_t N>
using NameTable = std::array<std::string_view, N>;

/// The name of an enumerator; the table is indexed by the enumerator's value.
template <class E, std::size_t N>
constexpr std::string_view name_in(const std::array<std::string_view, N>& table, E value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? table[index] : std::string_view("invalid");
}

/// The enumerator of a name; nullopt when the table has no such name.
template <class E, std::size_t N>
constexpr std::optional<E> value_in(const std::array<std::string_view, N>& table,
                                    std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (table[i] == name) {
            return static_cast<E>(i);
        }
    }
    return std::nullopt;
}

}  // namespace countersign::model
