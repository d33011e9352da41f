// digits.cpp: the C interface from C++: handles that release themselves, errors as exceptions.
//
//   digits MODEL INPUT        models/digits-relu/model.onnx models/digits-relu/input.bin
#include <onnxrun/onnxrun.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

// A handle is a unique_ptr with the call that releases it.
template <auto Release> struct Releaser {
  template <class T> void operator()(T *handle) const
  {
    Release(handle);
  }
};
using Model = std::unique_ptr<onnxrun_model, Releaser<onnxrun_model_release>>;
using Session = std::unique_ptr<onnxrun_session, Releaser<onnxrun_session_release>>;

// Calls make(args..., error), and throws what the library says when it fails.
template <class Call, class... Args> void check(Call call, Args... args)
{
  onnxrun_error error;
  if (call(args..., &error) != ONNXRUN_OK)
    throw std::runtime_error(error.text);
}

template <class Handle, class Call, class... Args> Handle make(Call call, Args... args)
{
  typename Handle::pointer made = nullptr;
  check(call, args..., &made);
  return Handle(made);
}

std::vector<float> read_floats(const std::string &path)
{
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file)
    throw std::runtime_error("cannot read " + path);
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::copy_n(bytes.begin(), floats.size() * sizeof(float),
              reinterpret_cast<char *>(floats.data()));
  return floats;
}

void run(const std::string &path, std::vector<float> pixels)
{
  const auto model = make<Model>(onnxrun_model_open, path.c_str(), nullptr);
  const auto session = make<Session>(onnxrun_session_create, model.get(), nullptr);

  onnxrun_info info{};
  info.size = sizeof info;
  check(onnxrun_model_input, model.get(), std::size_t{0}, &info);
  onnxrun_tensor in = info.spec, out{};
  in.dims[0] = 1; // the batch, which the model leaves open
  in.data = pixels.data();
  in.bytes = pixels.size() * sizeof(float);
  check(onnxrun_session_run, session.get(), &in, std::size_t{1}, &out, std::size_t{1});

  const auto *first = static_cast<const float *>(out.data);
  const auto *most = std::max_element(first, first + onnxrun_tensor_count(&out));
  std::cout << "a " << most - first << ", by " << *most << '\n';
}

} // namespace

int main(int argc, char **argv)
{
  try {
    if (argc != 3)
      throw std::runtime_error("digits MODEL INPUT");
    run(argv[1], read_floats(argv[2]));
  } catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
