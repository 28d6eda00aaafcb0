# fish completion for sloth, sloth-runner, slothd-agent and slothd-master: the program itself is asked, by
# "__complete WORDS...", and answers with one candidate on each line, a tab and what it is behind it.

function __sloth_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)

	for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
		switch $line
			case :files
				__fish_complete_path "$current"
			case :dirs
				__fish_complete_directories "$current"
			case '*'
				echo $line
		end
	end
end

for program in sloth sloth-runner slothd-agent slothd-master
	complete -c $program -e		# each of them loads this file under its own name
	complete -c $program -f -k -a '(__sloth_complete)'
end
