// Reads one TOML table key by key and remembers the first failure with file and line, as
// text::ObjectReader does for JSON. A key nobody read is a failure. The only header that names
// toml++; included by document.cc and condition.cc alone. Not thread safe.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <optional>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <vector>

#include "base/result.h"
#include "model/names.h"
#include "text/utf8.h"

namespace countersign::policy {

/// The first failure of a whole file; shared by the readers of its tables.
class TomlFailure {
public:
    explicit TomlFailure(std::string file) : file_(std::move(file)) {}
    void note(const toml::node& where, std::string_view why);
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    [[nodiscard]] Result<void> result() const;

private:
    std::string file_;
    std::optional<Error> error_;
};

class TomlTable {
public:
    /// All three must outlive the reader. `what` names the table in messages.
    TomlTable(const toml::table& table, std::string_view what, TomlFailure& failure);
    /// Notes every key that nobody read.
    ~TomlTable();
    TomlTable(const TomlTable&) = delete;
    TomlTable& operator=(const TomlTable&) = delete;

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
    /// nullptr when absent.
    const toml::node* node(std::string_view key);
    const toml::table* table(std::string_view key);
    const toml::array* array(std::string_view key);

    std::optional<std::string> string(std::string_view key);
    std::string required_string(std::string_view key);
    std::optional<bool> boolean(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                        std::int64_t most);
    std::vector<std::string> strings(std::string_view key);

    template <class E, std::size_t N>
    std::optional<E> name(std::string_view key, const std::array<std::string_view, N>& names) {
        const auto spelled = string(key);
        if (!spelled) {
            return std::nullopt;
        }
        const auto value = model::value_in<E>(names, *spelled);
        if (!value) {
            fail(key, "has the unknown value \"" + text::visible(*spelled, 64) + "\"");
        }
        return value;
    }
    template <class E, std::size_t N>
    std::vector<E> names(std::string_view key, const std::array<std::string_view, N>& names) {
        std::vector<E> out;
        for (const std::string& spelled : strings(key)) {
            if (const auto value = model::value_in<E>(names, spelled)) {
                out.push_back(*value);
            } else {
                fail(key, "holds the unknown name \"" + text::visible(spelled, 64) + "\"");
            }
        }
        return out;
    }

    void fail(std::string_view key, std::string_view why);
    [[nodiscard]] TomlFailure& failure() { return failure_; }
    [[nodiscard]] const toml::table& raw() const { return table_; }

private:
    const toml::table& table_;
    std::string what_;
    TomlFailure& failure_;
    std::vector<std::string> seen_;
};

}  // namespace countersign::policy
