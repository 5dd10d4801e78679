/// A CGI parameter such as `REQUEST_METHOD`; what is not UTF-8 in it is replaced.
struct FastCGIParameter: Equatable {
  var name: String
  var value: String
}
