#include "policy/toml_table.h"

#include <algorithm>

#include "base/limits.h"

namespace countersign::policy {

void TomlFailure::note(const toml::node& where, std::string_view why) {
    if (!error_) {
        error_ =
            Error(ErrorCode::Malformed, file_ + ":" + std::to_string(where.source().begin.line) +
                                            ": " + std::string(why));
    }
}

Result<void> TomlFailure::result() const {
    return error_ ? Result<void>(*error_) : Result<void>();
}

TomlTable::TomlTable(const toml::table& table, std::string_view what, TomlFailure& failure)
    : table_(table), what_(what), failure_(failure) {}

TomlTable::~TomlTable() {
    for (const auto& [key, value] : table_) {
        if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end()) {
            failure_.note(value, what_ + " has no key \"" + text::visible(key.str(), 64) + "\"");
        }
    }
}

void TomlTable::fail(std::string_view key, std::string_view why) {
    const toml::node* at = table_.get(key);
    failure_.note(at != nullptr ? *at : table_,
                  what_ + ": \"" + std::string(key) + "\" " + std::string(why));
}

const toml::node* TomlTable::node(std::string_view key) {
    seen_.emplace_back(key);
    return table_.get(key);
}

const toml::table* TomlTable::table(std::string_view key) {
    const toml::node* found = node(key);
    if (found != nullptr && !found->is_table()) {
        fail(key, "must be a table");
    }
    return found == nullptr ? nullptr : found->as_table();
}

const toml::array* TomlTable::array(std::string_view key) {
    const toml::node* found = node(key);
    if (found != nullptr && !found->is_array()) {
        fail(key, "must be an array");
    }
    return found == nullptr ? nullptr : found->as_array();
}

std::optional<std::string> TomlTable::string(std::string_view key) {
    const toml::node* found = node(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto* text = found->as_string();
    if (text == nullptr || text->get().size() > limits::kPatternBytesMax) {
        fail(key,
             "must be a string of at most " + std::to_string(limits::kPatternBytesMax) + " bytes");
        return std::nullopt;
    }
    return text->get();
}

std::string TomlTable::required_string(std::string_view key) {
    auto found = string(key);
    if (!found || found->empty()) {
        fail(key, "is missing or empty");
    }
    return found.value_or(std::string());
}

std::optional<bool> TomlTable::boolean(std::string_view key) {
    const toml::node* found = node(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto* value = found->as_boolean();
    if (value == nullptr) {
        fail(key, "must be true or false");
        return std::nullopt;
    }
    return value->get();
}

std::optional<std::int64_t> TomlTable::integer(std::string_view key, std::int64_t least,
                                               std::int64_t most) {
    const toml::node* found = node(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto* value = found->as_integer();
    if (value == nullptr || value->get() < least || value->get() > most) {
        fail(key, "must be a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
        return std::nullopt;
    }
    return value->get();
}

std::vector<std::string> TomlTable::strings(std::string_view key) {
    std::vector<std::string> out;
    const toml::array* list = array(key);
    if (list == nullptr) {
        return out;
    }
    if (list->empty()) {
        fail(key, "must not be empty");
    }
    for (const toml::node& element : *list) {
        const auto* text = element.as_string();
        if (text == nullptr || text->get().size() > limits::kPatternBytesMax) {
            fail(key, "must hold strings of at most " + std::to_string(limits::kPatternBytesMax) +
                          " bytes");
            return {};
        }
        out.push_back(text->get());
    }
    return out;
}

}  // namespace countersign::policy
