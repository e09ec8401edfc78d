package tiles

// Kept is the number of pictures that a builder keeps.
func Kept(b *Builder) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pictures)
}
