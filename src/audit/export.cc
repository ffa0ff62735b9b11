#include "audit/export.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/layout.h"
#include "audit/records.h"
#include "audit/segment_reader.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

std::string_view member_text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

/// The session that a record names: in its body, its request's context, or as a session itself.
bool names_session(const json::value& body, std::string_view session) {
    const json::object* object = body.if_object();
    if (object == nullptr) {
        return false;
    }
    if (member_text(*object, "session") == session) {
        return true;
    }
    const json::value* started = object->if_contains("session");
    if (started != nullptr && started->is_object()) {
        return member_text(started->get_object(), "id") == session ||
               member_text(started->get_object(), "parent") == session;
    }
    const json::value* request = object->if_contains("request");
    const json::value* context = request != nullptr && request->is_object()
                                     ? request->get_object().if_contains("context")
                                     : nullptr;
    return context != nullptr && context->is_object() &&
           member_text(context->get_object(), "session") == session;
}

Result<bool> wanted(const ReadRecord& record, const ExportOptions& options) {
    if (record.seq < options.first || (options.last && record.seq > *options.last) ||
        (!options.type.empty() && record.type != options.type)) {
        return false;
    }
    if (options.session.empty()) {
        return true;
    }
    const json::value body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    return names_session(body, options.session);
}

}  // namespace

Result<std::uint64_t> export_log(Files& files, const std::string& directory,
                                 const ExportOptions& options,
                                 const std::function<Result<void>(std::string_view)>& sink) {
    const LogPaths paths(directory);
    const std::vector<std::uint64_t> segments = TRY(list_segments(files, paths));
    std::uint64_t count = 0;
    ExportSource source = options.source;
    if (const std::string header = export_header(options.format); !header.empty()) {
        TRY(sink(header));
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if ((i + 1 < segments.size() && segments[i + 1] <= options.first) ||
            (options.last && segments[i] > *options.last)) {
            continue;
        }
        const std::string content =
            TRY(files.read(paths.segment(segments[i]), kSegmentFileBytesMax));
        std::size_t at = content.find('\n');
        if (at != std::string::npos) {
            const SegmentHeader header = TRY(parse_header(std::string_view(content).substr(0, at)));
            source.origin = header.origin;
        }
        while (at != std::string::npos) {
            const std::size_t begin = at + 1;
            at = content.find('\n', begin);
            if (at == std::string::npos) {
                break;
            }
            const std::string line =
                TRY(with_body(files, paths, std::string_view(content).substr(begin, at - begin)));
            const ReadRecord record = TRY(read_record(line));
            const bool take = TRY(wanted(record, options));
            if (!take) {
                continue;
            }
            if (options.format == ExportFormat::Jsonl) {
                TRY(sink(line + "\n"));
            } else {
                const std::string made = TRY(export_record(options.format, record, source));
                TRY(sink(made));
            }
            ++count;
        }
    }
    return count;
}

}  // namespace countersign::audit
