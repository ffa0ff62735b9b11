// Shell arithmetic on text whose expansions have been done: C operators on 64-bit integers.
// Source: bash(1), "Arithmetic Evaluation".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::shell {

/// What an expression reads and writes. Implemented by the resolver over its state.
class ArithmeticVariables {
public:
    virtual ~ArithmeticVariables() = default;
    /// The variable's text ("" when unset); nullopt when it is not known.
    virtual std::optional<std::string> read(const std::string& name) = 0;
    /// True when the variable is not known but certainly an integer.
    virtual bool is_number(const std::string& name) = 0;
    virtual void write(const std::string& name, std::optional<std::int64_t> value) = 0;
};

struct ArithmeticResult {
    /// nullopt: not known, or an error that ends the command.
    std::optional<std::int64_t> value;
    /// Something in it may be evaluated that is not known here; bash runs $(...) in subscripts.
    bool may_execute = false;
    /// bash reports an error.
    bool invalid = false;
};

ArithmeticResult evaluate_arithmetic(std::string_view expression, ArithmeticVariables& variables);

}  // namespace countersign::shell
