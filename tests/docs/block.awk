# block.awk: the fenced code blocks of a page, one by one.
#   awk -v n=2 -f block.awk PAGE        the second
#   awk -v after=TEXT -f block.awk PAGE the first after a line that holds TEXT
/^```/ {
  if (inside) {
    inside = 0
    if (wanted)
      exit
  } else {
    inside = 1
    count++
    wanted = after == "" ? count == n : seen
  }
  next
}
inside && wanted { print }
!inside && after != "" && index($0, after) { seen = 1 }
