// Export of the log for other programs. JSON Lines are each record's canonical line as it stands in
// the log, so that hashes can be checked on the exported file as well; other formats
// (export_formats.h) are made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/export_formats.h"
#include "audit/files.h"
#include "base/result.h"

namespace countersign::audit {

struct ExportOptions {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> last;  ///< inclusive; nullopt: to the end
    /// Only records that name this session (in their context or body); empty: all.
    std::string session;
    std::string type;  ///< only this type; empty: all
    ExportFormat format = ExportFormat::Jsonl;
    ExportSource source;  ///< for the formats that name the sender; origin is filled in
};

/// Calls `sink` with each line, newline included; an error of the sink ends it. Gives the number of
/// lines. Needs no gateway and takes no lock.
Result<std::uint64_t> export_log(Files& files, const std::string& directory,
                                 const ExportOptions& options,
                                 const std::function<Result<void>(std::string_view)>& sink);

}  // namespace countersign::audit
