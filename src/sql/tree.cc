#include "sql/tree.h"

#include <boost/json.hpp>
#include <pg_query.h>

#include "base/limits.h"

namespace countersign::sql {
namespace {

/// Frees the parser's answer on every way out.
class Answer {
public:
    explicit Answer(const std::string& text) : result_(pg_query_parse(text.c_str())) {}
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer() { pg_query_free_parse_result(result_); }
    [[nodiscard]] const PgQueryParseResult& get() const { return result_; }

private:
    PgQueryParseResult result_;
};

Result<boost::json::value> read(const char* document) {
    boost::json::parse_options options;
    // Each level of the grammar prints at most four levels of JSON.
    options.max_depth = limits::kSqlNestingMax * 4 + 64;
    boost::system::error_code failure;
    boost::json::value value = boost::json::parse(
        document, failure, boost::json::make_shared_resource<boost::json::monotonic_resource>(),
        options);
    if (failure) {
        return Error(ErrorCode::Internal, "the parse tree is not JSON: " + failure.message());
    }
    return value;
}

}  // namespace

Result<boost::json::value> parse_tree(const std::string& text, const std::vector<Token>& tokens) {
    if (text.size() > limits::kActionTextBytesMax) {
        return Error(ErrorCode::LimitExceeded, "SQL text is longer than the bound");
    }
    if (text.find('\0') != std::string::npos) {
        return Error(ErrorCode::Malformed, "SQL text holds a NUL byte");
    }
    if (nesting_bound(tokens) > limits::kSqlNestingMax) {
        return Error(ErrorCode::LimitExceeded, "SQL text nests too deeply");
    }
    try {
        const Answer answer(text);
        if (answer.get().error != nullptr) {
            return Error(ErrorCode::Malformed, answer.get().error->message);
        }
        return read(answer.get().parse_tree);
    } catch (const std::exception& failure) {
        return Error(ErrorCode::Internal, std::string("reading the parse tree: ") + failure.what());
    }
}

}  // namespace countersign::sql
