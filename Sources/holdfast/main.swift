HoldfastCommand.main()
