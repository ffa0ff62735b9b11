// Pieces that the codecs of this room share: enums by their name tables, instants, spans, and exact
// bytes in JSON. Private to model/. Pure; thread safe.
#pragma once

#include <array>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/command.h"
#include "model/names.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::model {

/// Text for people in JSON: ill-formed UTF-8 becomes U+FFFD.
boost::json::string json_text(std::string_view bytes);
boost::json::array json_texts(const std::vector<std::string>& list);
boost::json::string json_instant(Instant instant);
boost::json::value json_instant(const std::optional<Instant>& instant);
/// null when absent.
boost::json::value json_optional(const std::optional<std::string>& text);
inline boost::json::string json_name(std::string_view name) {
    return boost::json::string(name.data(), name.size());
}

/// Required member whose value is a name of the table.
template <class E, std::size_t N>
E enum_member(text::ObjectReader& in, std::string_view name,
              const std::array<std::string_view, N>& table, E fallback) {
    const std::string spelled = in.string(name, 64);
    const auto value = value_in<E>(table, spelled);
    if (!value) {
        in.fail(name, "has the unknown value \"" + text::visible(spelled, 64) + "\"");
    }
    return value.value_or(fallback);
}

/// As enum_member, `fallback` when absent or null.
template <class E, std::size_t N>
E enum_member_or(text::ObjectReader& in, std::string_view name,
                 const std::array<std::string_view, N>& table, E fallback) {
    return in.optional_member(name) == nullptr ? fallback : enum_member(in, name, table, fallback);
}

Instant instant_member(text::ObjectReader& in, std::string_view name);
std::optional<Instant> optional_instant(text::ObjectReader& in, std::string_view name);

/// [begin, end] with begin <= end.
boost::json::array json_span(Span span);
Span span_member(text::ObjectReader& in, std::string_view name);

/// An object of strings; names longer than 4096 bytes and empty names are refused.
std::map<std::string, std::string> string_map_or_empty(text::ObjectReader& in,
                                                       std::string_view name, std::size_t count_max,
                                                       std::size_t bytes_max);

/// An array of objects, each read by `decode`; stops at the first failure.
template <class T, class Decode>
std::vector<T> list_member(text::ObjectReader& in, std::string_view name, std::size_t count_max,
                           Decode decode) {
    std::vector<T> out;
    const boost::json::value* value = in.member(name);
    if (value == nullptr) {
        return out;
    }
    const boost::json::array* array = value->if_array();
    if (array == nullptr || array->size() > count_max) {
        in.fail(name, "must be an array of at most " + std::to_string(count_max) + " elements");
        return out;
    }
    out.reserve(array->size());
    for (const boost::json::value& element : *array) {
        Result<T> decoded = decode(element);
        if (!decoded.ok()) {
            in.fail(name, "element " + std::to_string(out.size()) + ": " + decoded.error().message);
            return {};
        }
        out.push_back(decoded.take());
    }
    return out;
}

/// Exact bytes beside readable text. JSON holds Unicode only, yet what would run are bytes; a
/// decision over replaced bytes would be about something else than what runs. So a value that is
/// not UTF-8 stands readable in its own member and exactly, in base64, in the member "bytes" of the
/// same object, under its name ("text") or its name and index or key ("argv/2").
class BytesWriter {
public:
    boost::json::string put(const std::string& name, std::string_view value);
    /// Adds "bytes" to the object when some value needed it.
    void finish(boost::json::object& object) &&;

private:
    boost::json::object bytes_;
};

/// The reading side. The readable form must be exactly what the bytes would be shown as: no
/// document says one thing to people and another to the machine.
class BytesReader {
public:
    explicit BytesReader(text::ObjectReader& in, std::size_t entries_max, std::size_t bytes_max);
    /// Replaces `value` by its exact bytes when there are any for `name`.
    void restore(const std::string& name, std::string& value);
    /// Fails the reader when an entry of "bytes" belongs to no value.
    void finish();

private:
    text::ObjectReader& in_;
    std::map<std::string, std::string> entries_;
};

}  // namespace countersign::model
